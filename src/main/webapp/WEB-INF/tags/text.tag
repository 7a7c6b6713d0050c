<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="fmt" uri="jakarta.tags.fmt" %>
<%@ attribute name="key" required="true" %>
<%@ attribute name="arg" type="java.lang.Object" %>
<%@ attribute name="arg2" type="java.lang.Object" %>
<%-- One message, escaped. fmt:message alone writes its text as it is, and a key that it does not know as ???key???,
     so a value that came from a request would reach the page unescaped. --%>
<fmt:message key="${key}" var="message"><c:if test="${arg != null}"><fmt:param value="${arg}"/></c:if><c:if test="${arg2 != null}"><fmt:param value="${arg2}"/></c:if></fmt:message>
<c:out value="${message}"/>
