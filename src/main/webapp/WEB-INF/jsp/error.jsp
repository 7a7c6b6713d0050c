<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<c:set var="heading" value="${empty titleKey ? 'error.other.title' : titleKey}"/>
<c:set var="detail" value="${empty detailKey ? 'error.other.detail' : detailKey}"/>
<ms:page title="${heading}" scene="slipped" script="${wait.ahead ? 'countdown.js' : ''}">
  <jsp:attribute name="intro">
    <c:if test="${not empty status}"><p class="eyebrow"><ms:text key="error.status"/>&#32;<c:out value="${status}"/></p></c:if>
    <h1><ms:text key="${heading}"/></h1>
  </jsp:attribute>
  <jsp:body>
    <p><ms:text key="${detail}"/></p>
    <c:if test="${wait.ahead}"><ms:wait of="${wait}" key="error.wait"/></c:if>
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
        <c:when test="${not empty retry}"><a class="button" href="<c:out value='${retry}'/>"><ms:text key="error.retry"/></a></c:when>
        <c:otherwise><a class="button" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="error.home"/></a></c:otherwise>
      </c:choose>
    </div>
  </jsp:body>
</ms:page>
