<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%-- Where help is, if anybody has said. --%>
<c:set var="brand" value="${applicationScope['org.multisession.brand']}"/>
<c:choose>
  <c:when test="${brand.supportALink}"><p><a class="link" href="<c:out value='${brand.support}'/>"><ms:text key="page.support"/></a></p></c:when>
  <c:when test="${not empty brand.support}"><p><ms:text key="page.support.words"/>&#32;<c:out value="${brand.support}"/></p></c:when>
</c:choose>
