<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ attribute name="kind" required="true" description="phone, tablet, computer, several, or anything else" %>
<%-- Decoration: the name beside it says the same. --%>
<svg class="icon" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
  <c:choose>
    <c:when test="${kind == 'phone'}"><rect x="10" y="4" width="12" height="24" rx="2.5"/><path d="M14.5 24.5h3"/></c:when>
    <c:when test="${kind == 'tablet'}"><rect x="6" y="4" width="20" height="24" rx="2.5"/><path d="M14 24.5h4"/></c:when>
    <c:when test="${kind == 'computer'}"><rect x="6" y="6" width="20" height="14" rx="2"/><path d="M3 25h26"/></c:when>
    <c:when test="${kind == 'several'}"><rect x="4" y="7" width="15" height="13" rx="2"/><rect x="19" y="11" width="9" height="16" rx="2"/><path d="M4 25h11"/></c:when>
    <c:otherwise><circle cx="16" cy="16" r="11"/><path d="M13 13a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 1.8M16 21.5v.1"/></c:otherwise>
  </c:choose>
</svg>
