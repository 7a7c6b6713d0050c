<%@ page session="false" pageEncoding="UTF-8" contentType="text/html;charset=UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<ms:page title="logout.title" scene="leaving">
  <jsp:attribute name="intro">
    <h1><ms:text key="logout.heading"/></h1>
    <p class="lead"><ms:text key="${isAnotherShared ? 'logout.lead.another-shared' : via == 'legacy' ? 'logout.lead.legacy' : via == 'shared' ? 'logout.lead.shared' : 'logout.lead.session'}"/></p>
  </jsp:attribute>
  <jsp:body>
    <ms:beside number="${beside}"/>
    <form class="actions" method="post" action="<c:out value='${pageContext.request.contextPath}'/>/logout">
      <button class="button" type="submit"><ms:text key="logout.submit"/></button>
      <a class="button button--quiet" href="<c:out value='${pageContext.request.contextPath}'/>/"><ms:text key="logout.cancel"/></a>
    </form>
  </jsp:body>
</ms:page>
