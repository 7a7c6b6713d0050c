<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<c:set var="isOver" value="${isOver == true}"/>
<%-- A code that is over has no field to type it in, so the page must not say "Enter the code". --%>
<ms:page title="${isOver ? 'code.over.title' : 'code.title'}" scene="joining" script="countdown.js" failed="${not empty errorKey}">
  <jsp:attribute name="intro">
    <h1><ms:text key="${isOver ? 'code.over.heading' : 'code.heading'}"/></h1>
    <p class="lead"><ms:text key="${isOver ? 'code.over.lead' : isConfirming ? 'code.lead.confirm' : 'code.lead'}"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${isOver}">
      <p class="field__error" role="alert"><ms:text key="${empty errorKey ? 'code.error.expired' : errorKey}"/></p>
    </c:if>
    <div class="notice">
      <p><ms:text key="code.for"/>&#32;<strong class="number"><c:out value="${number}"/></strong></p>
      <%-- Whoever only confirms has typed no number: it is the one of the account. --%>
      <c:if test="${not isConfirming}">
        <c:url var="start" value="/login"><c:param name="edit" value="1"/><c:if test="${not empty next}"><c:param name="next" value="${next}"/></c:if></c:url>
        <p><a class="link" href="<c:out value='${start}'/>"><ms:text key="code.wrong-number"/></a></p>
      </c:if>
    </div>
    <c:if test="${not isOver}">
      <form class="form" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login/code">
        <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
        <c:if test="${isConfirming}"><input type="hidden" name="confirm" value="1"></c:if>
        <input type="hidden" name="number" value="<c:out value='${number}'/>">
        <div class="field">
          <label class="field__label" for="code"><ms:text key="code.field"/></label>
          <div id="code-hint">
            <p class="field__hint"><ms:text key="code.field-hint"/></p>
            <c:if test="${goodFor.ahead}"><ms:wait of="${goodFor}" key="code.good-for" over="code.error.expired"/></c:if>
            <c:if test="${isCodeWrong}"><p class="field__hint"><ms:text key="code.attempts-left" arg="${attemptsLeft}"/></p></c:if>
          </div>
          <c:if test="${not empty errorKey}">
            <p class="field__error" id="code-error" role="alert"><ms:text key="${errorKey}"/></p>
          </c:if>
          <%-- Room for a space or a dash in the middle, as some messages write it. What is wrong may be the wait and
               not the code: then the field itself is not marked. --%>
          <input class="field__input field__input--code" type="text" id="code" name="code" value="<c:out value='${typed}'/>" autocomplete="one-time-code"
                 inputmode="numeric" maxlength="9" required autofocus<c:if test="${isCodeWrong}"> aria-invalid="true"</c:if><%--
              --%> aria-describedby="<c:if test='${not empty errorKey}'>code-error&#32;</c:if>code-hint">
        </div>
        <button class="button" type="submit"><ms:text key="${isConfirming ? 'code.submit.confirm' : 'code.submit'}"/></button>
      </form>
    </c:if>
    <%-- A form of its own: Enter in the field must never send another message. Where the code is over, its button is the
         way on and gets the weight. --%>
    <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login/code">
      <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
      <c:if test="${isConfirming}"><input type="hidden" name="confirm" value="1"></c:if>
      <input type="hidden" name="number" value="<c:out value='${number}'/>">
      <c:if test="${resend.ahead}"><ms:wait of="${resend}" key="code.resend-in" holds="true"/></c:if>
      <button class="button<c:if test='${not isOver}'> button--quiet</c:if>" type="submit" name="resend" value="1" autocomplete="off"><ms:text key="${isOver ? 'code.resend.over' : 'code.resend'}"/></button>
    </form>
    <details class="help">
      <summary class="help__title"><ms:text key="code.help"/></summary>
      <ul class="help__list">
        <li><ms:text key="code.help.wait"/></li>
        <c:if test="${not isConfirming}"><li><ms:text key="code.help.number"/></li></c:if>
        <li><ms:text key="code.help.phone"/></li>
        <c:if test="${not isConfirming}"><li><ms:text key="code.help.account"/></li></c:if>
      </ul>
    </details>
  </jsp:body>
</ms:page>
