<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="fmt" uri="jakarta.tags.fmt" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<c:set var="isOver" value="${isOver == true}"/>
<%-- A code that is over has no field to type it in, so the page must not say "Enter the code". --%>
<ms:page title="${isOver ? 'code.over.title' : 'code.title'}" scene="joining" script="countdown.js" failed="${not empty errorKey}">
  <jsp:attribute name="intro">
    <h1><ms:text key="${isOver ? 'code.over.heading' : 'code.heading'}"/></h1>
    <p class="lead"><ms:text key="${isOver ? 'code.over.lead' : 'code.lead'}"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${isOver}">
      <p class="field__error" role="alert"><ms:text key="${empty errorKey ? 'code.error.expired' : errorKey}"/></p>
    </c:if>
    <div class="notice">
      <p><ms:text key="code.for"/>&#32;<strong class="number"><c:out value="${maskedPhone}"/></strong></p>
      <c:url var="start" value="/login"><c:if test="${not empty next}"><c:param name="next" value="${next}"/></c:if></c:url>
      <p><a class="link" href="<c:out value='${start}'/>"><ms:text key="code.wrong-number"/></a></p>
    </div>
    <c:if test="${not isOver}">
      <form class="form" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login/code">
        <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
        <div class="field">
          <label class="field__label" for="code"><ms:text key="code.field"/></label>
          <p class="field__hint" id="code-hint"><ms:text key="code.field-hint"/></p>
          <c:if test="${not empty errorKey}">
            <p class="field__error" id="code-error" role="alert"><ms:text key="${errorKey}"/></p>
          </c:if>
          <%-- Room for a space or a dash in the middle, as some messages write it. What is wrong may be the wait and
               not the code: then the field itself is not marked. --%>
          <c:set var="invalid" value="${not empty errorKey and errorKey != 'code.error.limit'}"/>
          <input class="field__input field__input--code" type="text" id="code" name="code" autocomplete="one-time-code"
                 inputmode="numeric" maxlength="9" required autofocus<c:if test="${invalid}"> aria-invalid="true"</c:if><%--
              --%> aria-describedby="<c:if test='${not empty errorKey}'>code-error&#32;</c:if>code-hint">
        </div>
        <button class="button" type="submit"><ms:text key="code.submit"/></button>
      </form>
    </c:if>
    <%-- A form of its own: Enter in the field must never send another message. Where the code is over, its button is the
         way on and gets the weight. --%>
    <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login/code">
      <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
      <c:choose>
        <c:when test="${empty resendIn or resendIn <= 0}"/>
        <c:when test="${resendIn < 3600}">
          <fmt:formatNumber var="seconds" value="${resendIn % 60}" minIntegerDigits="2"/>
          <fmt:formatNumber var="minutes" value="${(resendIn - resendIn % 60) / 60}" maxFractionDigits="0"/>
          <p class="field__hint" data-countdown="<c:out value='${resendIn}'/>"><ms:text key="code.resend-in" arg="${minutes}:${seconds}"/></p>
        </c:when>
        <c:otherwise>
          <p class="field__hint"><ms:text key="error.wait.hours" arg="${(resendIn + (3600 - resendIn mod 3600) mod 3600) div 3600}"/></p>
        </c:otherwise>
      </c:choose>
      <button class="button<c:if test='${not isOver}'> button--quiet</c:if>" type="submit" name="resend" value="1" autocomplete="off"><ms:text key="${isOver ? 'code.resend.over' : 'code.resend'}"/></button>
    </form>
  </jsp:body>
</ms:page>
