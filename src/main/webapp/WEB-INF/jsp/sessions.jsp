<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="sessions.title" scene="together" script="times.js">
  <jsp:attribute name="intro">
    <h1><ms:text key="sessions.heading"/></h1>
    <p class="lead"><ms:text key="sessions.lead"/></p>
  </jsp:attribute>
  <jsp:body>
    <c:if test="${not empty doneKey}">
      <p class="notice" role="status"><ms:text key="${doneKey}" arg="${doneCount}"/></p>
    </c:if>
    <ul class="list">
      <c:forEach var="device" items="${devices}" varStatus="row">
        <li class="list__row<c:if test='${device.isShared}'> list__row--explained</c:if>">
          <div class="list__text">
            <h2 class="list__title" id="name-<c:out value='${row.count}'/>"><bdi><c:out value="${device.name}"/></bdi><c:if test="${device.isCurrent}">&#32;<span class="badge"><ms:text key="sessions.this"/></span></c:if></h2>
            <div id="note-<c:out value='${row.count}'/>">
              <c:if test="${device.isShared}">
                <p class="list__note"><ms:text key="sessions.shared-note"/></p>
              </c:if>
              <p class="list__note list__pair">
                <span><c:choose><%--
                  --%><c:when test="${device.isCurrent}"><ms:text key="sessions.now"/></c:when><%--
                  --%><c:when test="${not empty device.seen}"><ms:text key="sessions.seen"/>&#32;<ms:moment of="${device.seen}"/></c:when><%--
                  --%><c:otherwise><ms:text key="sessions.never"/></c:otherwise><%--
                --%></c:choose></span>
                <c:if test="${not empty device.address}">
                  <span class="number"><span class="unseen"><ms:text key="sessions.address"/>&#32;</span><c:out value="${device.address}"/></span>
                </c:if>
              </p>
              <c:if test="${not empty device.since}">
                <p class="list__note"><ms:text key="sessions.since"/>&#32;<ms:moment of="${device.since}"/></p>
              </c:if>
            </div>
          </div>
          <c:if test="${device.isCurrent}">
            <form method="post" action="<c:out value='${pageContext.request.contextPath}'/>/logout">
              <button class="button button--quiet button--small" type="submit"><ms:text key="${device.isShared and not device.isLegacy ? 'sessions.end-shared' : 'sessions.sign-out-here'}"/></button>
            </form>
          </c:if>
          <c:if test="${not device.isCurrent or device.isLegacy}">
            <form method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke">
              <input type="hidden" name="session" value="<c:out value='${device.handle}'/>">
              <button class="button button--quiet button--small" type="submit" aria-describedby="note-<c:out value='${row.count}'/>"><ms:text key="${device.isShared ? 'sessions.end-shared' : 'sessions.end'}"/><span class="unseen">:&#32;<c:out value="${device.name}"/></span></button>
            </form>
          </c:if>
        </li>
      </c:forEach>
    </ul>
    <c:choose>
      <c:when test="${others > 0}">
        <form class="form form--close" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke-others">
          <p class="field__hint" id="others-note"><ms:text key="sessions.others-note"/></p>
          <button class="button button--quiet" type="submit" aria-describedby="others-note"><ms:text key="sessions.end-others" arg="${others}"/></button>
        </form>
      </c:when>
      <%-- Who came by a token that others may hold is perhaps not alone. --%>
      <c:when test="${not devices[0].isShared}">
        <p class="field__hint"><ms:text key="sessions.alone"/></p>
      </c:when>
    </c:choose>
  </jsp:body>
</ms:page>
