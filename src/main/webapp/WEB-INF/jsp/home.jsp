<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="home.title" scene="together" script="${empty since and empty news ? '' : 'times.js'}">
  <jsp:attribute name="intro">
    <h1><ms:text key="home.heading"/></h1>
    <p class="lead"><ms:text key="${isAnotherShared ? 'home.lead.another-shared' : via == 'legacy' ? 'home.lead.legacy' : via == 'shared' ? 'home.lead.shared' : 'home.lead.session'}"/></p>
  </jsp:attribute>
  <jsp:body>
    <ms:beside number="${beside}"/>
    <ms:news of="${news}"/>
    <%-- Without a single fact the list would be empty, which HTML allows and screen readers announce. --%>
    <c:if test="${not empty userPhone or not empty plan or not empty since}">
      <dl class="facts">
        <c:if test="${not empty userPhone}">
          <div class="facts__row">
            <dt><ms:text key="home.phone"/></dt>
            <dd class="number"><c:out value="${userPhone}"/></dd>
          </div>
        </c:if>
        <c:if test="${not empty plan}">
          <div class="facts__row">
            <dt><ms:text key="home.plan"/></dt>
            <dd><c:out value="${plan}"/></dd>
          </div>
        </c:if>
        <c:if test="${not empty since}">
          <div class="facts__row">
            <dt><ms:text key="home.since"/></dt>
            <dd><ms:moment of="${since}"/></dd>
          </div>
        </c:if>
      </dl>
    </c:if>
    <c:if test="${via == 'legacy'}">
      <div class="notice">
        <p><ms:text key="home.legacy"/></p>
        <p><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/login"><ms:text key="home.legacy-login"/></a></p>
      </div>
    </c:if>
    <c:set var="onward" value="${applicationScope['org.multisession.brand'].home}"/>
    <c:if test="${not empty onward}">
      <div class="actions">
        <a class="button" href="<c:out value='${onward}'/>"><ms:text key="home.continue"/></a>
      </div>
    </c:if>
    <div class="actions">
      <a class="button<c:if test='${not empty onward}'> button--quiet</c:if>" href="<c:out value='${pageContext.request.contextPath}'/>/sessions"><ms:text key="home.devices" arg="${deviceCount}"/></a>
    </div>
    <form class="actions" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/logout">
      <button class="button button--quiet" type="submit"><ms:text key="home.logout"/></button>
    </form>
  </jsp:body>
</ms:page>
