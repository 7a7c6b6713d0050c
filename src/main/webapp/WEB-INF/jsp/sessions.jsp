<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="sessions.title" scene="together" script="times.js" wide="true">
  <jsp:attribute name="intro">
    <p><a class="link" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="sessions.back"/></a></p>
    <h1><ms:text key="sessions.heading"/></h1>
    <p class="lead"><ms:text key="sessions.lead"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${not empty doneKey}">
      <p class="notice" role="status"><ms:text key="${doneKey}" arg="${doneCount}"/></p>
    </c:if>
    <c:if test="${not empty ending}">
      <section class="notice" aria-labelledby="ending">
        <p id="ending"><ms:text key="sessions.confirmed.one"/></p>
        <ul class="list"><ms:device of="${ending}" id="ending-row" page="1"/></ul>
      </section>
    </c:if>
    <c:if test="${isEndingOthers and not empty others}">
      <section class="notice" aria-labelledby="ending">
        <p id="ending"><ms:text key="sessions.confirmed.others"/></p>
        <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke-others">
          <ms:account/>
          <button class="button" type="submit" aria-describedby="others-note"><ms:text key="sessions.end-others" arg="${othersInAll}"/></button>
        </form>
      </section>
    </c:if>
    <ms:beside number="${beside}"/>
    <ms:news of="${news}"/>
    <c:if test="${isAnotherShared}">
      <p class="notice"><ms:text key="sessions.another-shared"/></p>
    </c:if>
    <c:if test="${not empty current}">
      <section class="part" aria-labelledby="here">
        <h2 class="part__title" id="here"><ms:text key="sessions.here"/></h2>
        <ul class="list"><ms:device of="${current}" id="here" page="${page}"/></ul>
      </section>
    </c:if>
    <c:choose>
      <c:when test="${not empty others}">
        <section class="part" aria-labelledby="elsewhere">
          <h2 class="part__title" id="elsewhere"><ms:text key="sessions.elsewhere"/></h2>
          <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke-others">
            <ms:account/>
            <p class="field__hint" id="others-note"><ms:text key="sessions.others-note"/><c:if test="${isProofNeeded}">&#32;<ms:text key="sessions.proof-note"/></c:if></p>
            <button class="button button--quiet" type="submit" aria-describedby="others-note"><ms:text key="sessions.end-others" arg="${othersInAll}"/></button>
          </form>
          <ul class="list">
            <c:forEach var="device" items="${others}" varStatus="row"><ms:device of="${device}" id="${row.count}" page="${page}"/></c:forEach>
          </ul>
          <c:if test="${pages > 1}">
            <nav class="pages" aria-label="<ms:text key='sessions.pages'/>">
              <c:if test="${page > 1}"><a class="link" rel="prev" href="<c:out value='${pageContext.request.contextPath}'/>/sessions?page=<c:out value='${page - 1}'/>"><ms:text key="sessions.newer"/></a></c:if>
              <span class="field__hint"><ms:text key="sessions.page" arg="${page}" arg2="${pages}"/></span>
              <c:if test="${page < pages}"><a class="link" rel="next" href="<c:out value='${pageContext.request.contextPath}'/>/sessions?page=<c:out value='${page + 1}'/>"><ms:text key="sessions.older"/></a></c:if>
            </nav>
          </c:if>
        </section>
      </c:when>
      <%-- Who came by a token that others may hold is perhaps not alone. --%>
      <c:when test="${not current.isShared}">
        <p class="field__hint"><ms:text key="sessions.alone"/></p>
      </c:when>
    </c:choose>
  </jsp:body>
</ms:page>
