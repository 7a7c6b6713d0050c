<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%@ attribute name="of" required="true" type="org.multisession.web.page.Wait" %>
<%@ attribute name="key" required="true" description="message key of the sentence that the time stands in" %>
<%@ attribute name="holds" type="java.lang.Boolean" description="whether the form's button is of no use until then" %>
<%@ attribute name="over" description="message key of what is true when the time is over; nothing if not given" %>
<%-- The script tells the time anew each second, which nobody must hear read out. --%>
<p class="field__hint"<c:if test="${of.counted}"> role="timer" aria-live="off" data-countdown="<c:out value='${of.seconds}'/>"<c:if test="${holds}"> data-holds</c:if><c:if test="${not empty over}"> data-over="<ms:text key='${over}'/>"</c:if></c:if>><ms:text key="${key}" arg="${of.shown}"/></p>
