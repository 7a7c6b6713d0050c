<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%-- Whose page the form is on: the browser may be signed in to another account by the time it is sent. --%>
<input type="hidden" name="account" value="<c:out value="${requestScope['org.multisession.userId']}"/>">
