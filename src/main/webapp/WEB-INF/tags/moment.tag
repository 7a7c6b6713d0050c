<%@ tag body-content="empty" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ attribute name="of" required="true" type="org.multisession.web.page.Moment" %>
<time datetime="<c:out value='${of.iso}'/>" title="<c:out value='${of.exact}'/>" data-kind="<c:out value='${of.kind}'/>"><c:out value="${of.shown}"/></time>
