<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%@ attribute name="number" %>
<%-- Another account that this browser is signed in to as well: a shared computer, or somebody has planted a cookie. --%>
<c:if test="${not empty number}">
  <p class="notice"><ms:text key="page.beside" arg="${number}"/></p>
</c:if>
