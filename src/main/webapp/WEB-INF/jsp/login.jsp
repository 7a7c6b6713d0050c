<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="login.title" scene="joining" script="${wait.ahead ? 'countdown.js' : empty endedAt ? '' : 'times.js'}" failed="${not empty errorKey}">
  <jsp:attribute name="intro">
    <h1><ms:text key="login.heading"/></h1>
    <p class="lead"><ms:text key="login.lead"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${hasSignedOut}">
      <p class="notice" id="signed-out" role="status"><ms:text key="login.signed-out"/><c:if test="${hasForgotten}">&#32;<ms:text key="login.signed-out.rest"/></c:if></p>
    </c:if>
    <c:if test="${isCodeLost}">
      <p class="notice" id="code-lost" role="status"><ms:text key="login.code-lost"/></p>
    </c:if>
    <c:if test="${not empty signedInAs}">
      <div class="notice">
        <p><ms:text key="login.signed-in-as"/>&#32;<strong class="number"><c:out value="${signedInAs}"/></strong></p>
        <c:set var="onward" value="${not empty next ? next : applicationScope['org.multisession.brand'].home}"/>
        <p><c:choose><%--
          --%><c:when test="${not empty onward}"><a class="link" href="<c:out value='${onward}'/>"><ms:text key="home.continue"/></a></c:when><%--
          --%><c:otherwise><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="login.signed-in-home"/></a></c:otherwise><%--
        --%></c:choose></p>
      </div>
    </c:if>
    <c:if test="${not empty beside}">
      <ms:beside number="${beside}"/>
      <p><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/logout"><ms:text key="home.logout"/></a></p>
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
        <c:if test="${not empty errorKey}">
          <p class="field__error" id="phone-error" role="alert"><ms:text key="${errorKey}"/></p>
        </c:if>
        <%-- The field has the focus when the page comes, so what a reader must hear first is said with it: what is wrong
             with the number, or else how this device came to be signed out; the example last. --%>
        <c:set var="descriptions" value="${not empty errorKey ? 'phone-error ' : not empty endedTitle ? 'ended ' : hasSignedOut ? 'signed-out ' : isCodeLost ? 'code-lost ' : ''}${not empty phoneExample ? 'phone-hint' : ''}"/>
        <input class="field__input number" type="tel" id="phone" name="phone" value="<c:out value='${phone}'/>"
               autocomplete="tel" inputmode="tel" maxlength="100" required autofocus<c:if test="${isNumberWrong}"> aria-invalid="true"</c:if><%--
            --%><c:if test="${not empty descriptions}"> aria-describedby="<c:out value='${descriptions}'/>"</c:if>>
      </div>
      <c:if test="${wait.ahead}"><ms:wait of="${wait}" key="error.wait" holds="true"/></c:if>
      <button class="button" type="submit" autocomplete="off"><ms:text key="${submitKey}"/></button>
      <%-- One that has arrived may still be good. --%>
      <c:if test="${not empty codePage}"><p><a class="link" href="<c:out value='${codePage}'/>"><ms:text key="login.have-code"/></a></p></c:if>
    </form>
  </jsp:body>
</ms:page>
