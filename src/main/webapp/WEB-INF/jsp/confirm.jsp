<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="confirm.title" scene="joining" script="countdown.js" failed="${not empty errorKey}">
  <jsp:attribute name="intro">
    <p><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/sessions"><ms:text key="confirm.back"/></a></p>
    <h1><ms:text key="confirm.heading"/></h1>
    <p class="lead"><ms:text key="confirm.lead"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${not empty number}">
      <dl class="facts">
        <div class="facts__row">
          <dt><ms:text key="confirm.number"/></dt>
          <dd class="number"><c:out value="${number}"/></dd>
        </div>
      </dl>
    </c:if>
    <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/login/confirm">
      <c:if test="${not empty next}"><input type="hidden" name="next" value="<c:out value='${next}'/>"></c:if>
      <c:if test="${not empty errorKey}">
        <p class="field__error" role="alert"><ms:text key="${errorKey}"/></p>
        <c:if test="${wait.ahead}"><ms:wait of="${wait}" key="code.resend-in" holds="true"/></c:if>
        <c:if test="${not empty codePage}"><p><a class="link" href="<c:out value='${codePage}'/>"><ms:text key="login.have-code"/></a></p></c:if>
      </c:if>
      <button class="button" type="submit"><ms:text key="confirm.submit"/></button>
    </form>
  </jsp:body>
</ms:page>
