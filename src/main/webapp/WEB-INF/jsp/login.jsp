<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%-- An empty field has nothing in it to check, so it gets words of its own. --%>
<c:set var="problem" value="${errorKey == 'login.error.malformed' and empty phone ? 'login.error.empty' : errorKey}"/>
<ms:page title="login.title" scene="joining" script="${empty endedAt ? '' : 'times.js'}" failed="${not empty problem}">
  <jsp:attribute name="intro">
    <h1><ms:text key="login.heading"/></h1>
    <p class="lead"><ms:text key="login.lead"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${not empty signedInAs}">
      <div class="notice">
        <p><ms:text key="login.signed-in-as"/>&#32;<strong class="number"><c:out value="${signedInAs}"/></strong></p>
        <p><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="login.signed-in-home"/></a></p>
      </div>
    </c:if>
    <c:if test="${not empty endedTitle}">
      <div class="notice" id="ended" role="status">
        <p class="notice__title"><c:out value="${endedTitle}"/><c:if test="${not empty endedAt}">&#32;<ms:moment of="${endedAt}"/></c:if></p>
        <c:if test="${not empty endedWhy}"><p><c:out value="${endedWhy}"/></p></c:if>
      </div>
    </c:if>
    <form class="form" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login">
      <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
      <div class="field">
        <label class="field__label" for="phone"><ms:text key="login.phone"/></label>
        <c:if test="${not empty phoneExample}">
          <p class="field__hint" id="phone-hint"><ms:text key="login.phone-hint"/>&#32;<span class="number"><c:out value="${phoneExample}"/></span></p>
        </c:if>
        <c:if test="${not empty problem}">
          <p class="field__error" id="phone-error" role="alert"><ms:text key="${problem}"/></p>
        </c:if>
        <%-- The field has the focus when the page comes, so what a reader must hear first is said with it: what is wrong
             with the number, or else how this device came to be signed out; the example last. --%>
        <c:set var="descriptions" value="${not empty problem ? 'phone-error ' : not empty endedTitle ? 'ended ' : ''}${not empty phoneExample ? 'phone-hint' : ''}"/>
        <input class="field__input number" type="tel" id="phone" name="phone" value="<c:out value='${phone}'/>"
               autocomplete="tel" inputmode="tel" maxlength="40" required autofocus<c:if test="${not empty problem}"> aria-invalid="true"</c:if><%--
            --%><c:if test="${not empty descriptions}"> aria-describedby="<c:out value='${descriptions}'/>"</c:if>>
      </div>
      <button class="button" type="submit"><ms:text key="${submitKey}"/></button>
    </form>
  </jsp:body>
</ms:page>
