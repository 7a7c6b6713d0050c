<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<c:set var="heading" value="${empty titleKey ? 'error.other.title' : titleKey}"/>
<c:set var="detail" value="${empty detailKey ? 'error.other.detail' : detailKey}"/>
<%-- Whole units, rounded up, so that nobody comes back too early. An error page must not fail itself: a value that is
     no number leaves the line out. --%>
<c:catch>
  <c:choose>
    <c:when test="${empty retryAfter or retryAfter <= 0}"/>
    <c:when test="${retryAfter <= 90}"><c:set var="waitKey" value="error.wait.seconds"/><c:set var="wait" value="${retryAfter + 0}"/></c:when>
    <c:when test="${retryAfter <= 5400}"><c:set var="waitKey" value="error.wait.minutes"/><c:set var="wait" value="${(retryAfter + (60 - retryAfter mod 60) mod 60) div 60}"/></c:when>
    <c:otherwise><c:set var="waitKey" value="error.wait.hours"/><c:set var="wait" value="${(retryAfter + (3600 - retryAfter mod 3600) mod 3600) div 3600}"/></c:otherwise>
  </c:choose>
</c:catch>
<ms:page title="${heading}" scene="slipped">
  <jsp:attribute name="intro">
    <c:if test="${not empty status}"><p class="eyebrow"><ms:text key="error.status"/>&#32;<c:out value="${status}"/></p></c:if>
    <h1><ms:text key="${heading}"/></h1>
  </jsp:attribute>
  <jsp:body>
    <p><ms:text key="${detail}"/></p>
    <c:if test="${not empty waitKey}"><p class="notice"><ms:text key="${waitKey}" arg="${wait}"/></p></c:if>
    <c:if test="${not empty reference}">
      <dl class="facts">
        <div class="facts__row">
          <dt><ms:text key="error.reference"/></dt>
          <dd class="number"><c:out value="${reference}"/></dd>
        </div>
      </dl>
    </c:if>
    <div class="actions">
      <c:choose>
        <%-- Limits stand before the sign-in only. A code that has arrived is still good, and this page has the field for
             it; where there is none, it leads on to the number. --%>
        <c:when test="${status == 429}"><a class="button" href="<c:out value='${pageContext.request.contextPath}'/>/login/code"><ms:text key="error.429.back"/></a></c:when>
        <c:otherwise><a class="button" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="error.home"/></a></c:otherwise>
      </c:choose>
    </div>
  </jsp:body>
</ms:page>
