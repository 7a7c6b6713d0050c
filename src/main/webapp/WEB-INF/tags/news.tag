<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%@ attribute name="of" required="true" type="java.util.List" description="rows of NewSignInNotice; nothing is shown if there are none" %>
<c:if test="${not empty of}">
  <section class="notice" aria-labelledby="news">
    <h2 class="part__title" id="news"><ms:text key="news.heading"/></h2>
    <p><ms:text key="news.lead"/></p>
    <ul class="list">
      <c:forEach var="one" items="${of}" varStatus="row">
        <li class="list__row">
          <ms:icon kind="${one.kind}"/>
          <div class="list__text" id="news-<c:out value='${row.count}'/>">
            <h3 class="list__title"><bdi><c:out value="${one.name}"/></bdi></h3>
            <p class="list__note list__pair">
              <span><ms:text key="news.at"/>&#32;<ms:moment of="${one.at}"/></span>
              <c:if test="${not empty one.address}"><span class="address"><span class="unseen"><ms:text key="sessions.address"/>&#32;</span><c:forEach var="part" items="${one.address}"><c:out value="${part}"/><wbr></c:forEach></span></c:if>
            </p>
          </div>
          <div class="list__do">
            <form method="post" action="<c:out value='${pageContext.request.contextPath}'/>/sessions/revoke">
              <ms:account/>
              <input type="hidden" name="session" value="<c:out value='${one.id}'/>">
              <button class="button button--quiet button--small" type="submit" aria-describedby="news-<c:out value='${row.count}'/>"><ms:text key="news.end"/><span class="unseen">:&#32;<c:out value="${one.name}"/></span></button>
            </form>
          </div>
        </li>
      </c:forEach>
    </ul>
  </section>
</c:if>
