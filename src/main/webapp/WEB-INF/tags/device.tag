<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%@ attribute name="of" required="true" type="java.util.Map" description="a row of SessionsServlet" %>
<%@ attribute name="id" required="true" description="tells it from the page's other rows" %>
<%@ attribute name="page" required="true" description="number of the page to come back to" %>
<li class="list__row">
  <ms:icon kind="${of.kind}"/>
  <div class="list__text" id="note-<c:out value='${id}'/>">
    <h3 class="list__title"><bdi><c:out value="${of.name}"/></bdi><c:if test="${of.isCurrent}">&#32;<span class="badge"><ms:text key="sessions.this"/></span></c:if></h3>
    <c:if test="${of.isShared}"><p class="list__note"><ms:text key="sessions.shared-note"/></p></c:if>
    <p class="list__note list__pair">
      <c:choose>
        <c:when test="${of.isCurrent}"><span><ms:text key="sessions.now"/></span></c:when>
        <c:when test="${not empty of.seen}"><span><ms:text key="sessions.seen"/>&#32;<ms:moment of="${of.seen}"/></span></c:when>
        <c:when test="${of.isShared}"><span><ms:text key="sessions.never"/></span></c:when>
      </c:choose>
      <c:if test="${not empty of.since}"><span><ms:text key="sessions.since"/>&#32;<ms:moment of="${of.since}"/></span></c:if>
      <c:if test="${not empty of.address}"><span class="address"><span class="unseen"><ms:text key="sessions.address"/>&#32;</span><c:forEach var="part" items="${of.address}"><c:out value="${part}"/><wbr></c:forEach></span></c:if>
    </p>
  </div>
  <div class="list__do">
    <c:if test="${of.isCurrent}">
      <form method="post" action="<c:out value='${pageContext.request.contextPath}'/>/logout">
        <button class="button button--quiet button--small" type="submit"><ms:text key="${of.isShared and not of.isLegacy ? 'sessions.end-shared' : 'sessions.sign-out-here'}"/></button>
      </form>
    </c:if>
    <c:if test="${not of.isCurrent or of.isLegacy}">
      <form method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke">
        <ms:account/>
        <input type="hidden" name="session" value="<c:out value='${of.id}'/>">
        <c:if test="${page > 1}"><input type="hidden" name="page" value="<c:out value='${page}'/>"></c:if>
        <button class="button button--quiet button--small" type="submit" aria-describedby="note-<c:out value='${id}'/>"><ms:text key="${of.isShared ? 'sessions.end-shared' : 'sessions.end'}"/><span class="unseen">:&#32;<c:out value="${of.name}"/></span></button>
      </form>
    </c:if>
  </div>
</li>
