<%@ tag body-content="scriptless" pageEncoding="UTF-8" trimDirectiveWhitespaces="true" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<%@ taglib prefix="fmt" uri="jakarta.tags.fmt" %>
<%@ taglib prefix="ms" tagdir="/WEB-INF/tags" %>
<%@ attribute name="title" required="true" description="message key of the document's title" %>
<%@ attribute name="scene" required="true" description="joining, together, leaving or slipped: what the drawn devices show" %>
<%@ attribute name="script" description="name of a script under static/ that adds to the page; without it all works as well" %>
<%@ attribute name="failed" type="java.lang.Boolean" description="whether the form was refused; the title then says so first" %>
<%@ attribute name="wide" type="java.lang.Boolean" description="whether the card takes all of a large window" %>
<%@ attribute name="intro" fragment="true" required="true" description="the h1 and what follows it" %>
<%-- Only the two languages that have texts get through, whatever the attribute holds. --%>
<c:set var="language" value="${lang == 'ru' ? 'ru' : 'en'}"/>
<%-- Request scope: the intro and the body run in the calling page, which does not see this tag's page scope. --%>
<fmt:setLocale value="${language}" scope="request"/>
<fmt:setBundle basename="messages" scope="request"/>
<c:set var="brand" value="${applicationScope['org.multisession.brand']}"/>
<c:set var="picture" value="${pageContext.request.contextPath}/static/${brand.pictured ? 'logo' : 'icon.svg'}"/>
<!DOCTYPE html>
<html lang="<c:out value='${language}'/>">
<head>
  <meta charset="UTF-8">
  <%-- The title is what a screen reader says first after a form comes back. Between two tags a plain space would be
       trimmed with the directives' whitespace, hence &#32; here and in the pages. --%>
  <title><c:if test="${failed}"><ms:text key="page.failed"/>&#32;</c:if><ms:text key="${title}"/> · <c:out value="${brand.name}"/></title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <meta name="color-scheme" content="light dark">
  <meta name="theme-color" media="(prefers-color-scheme: light)" content="#eff3f1">
  <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0b1514">
  <%-- A masked number must not become a link to call. --%>
  <meta name="format-detection" content="telephone=no">
  <link rel="icon" href="<c:out value='${picture}'/>">
  <link rel="stylesheet" href="<c:out value='${pageContext.request.contextPath}'/>/static/app.css">
  <script src="<c:out value='${pageContext.request.contextPath}'/>/static/once.js" defer></script>
  <c:if test="${not empty script}">
    <script src="<c:out value='${pageContext.request.contextPath}'/>/static/<c:out value='${script}'/>" defer></script>
  </c:if>
</head>
<body>
<header class="masthead">
  <a class="brand" href="<c:out value='${pageContext.request.contextPath}'/>/">
    <img class="brand__mark" src="<c:out value='${picture}'/>" height="36" alt="">
    <span><c:out value="${brand.name}"/></span>
  </a>
</header>
<main class="stage<c:if test='${wide}'> stage--wide</c:if>">
  <div class="intro">
    <jsp:invoke fragment="intro"/>
  </div>
  <div class="shelf">
    <%-- One person, several devices: the same light in each. Decoration only; the words say everything. --%>
    <svg class="scene scene--<c:out value='${scene}'/>" viewBox="0 28 400 113" aria-hidden="true" focusable="false">
      <g class="device device--laptop">
        <path class="device__body" d="M40 38a8 8 0 0 1 8-8h132a8 8 0 0 1 8 8v86h14a2 2 0 0 1 2 2v2a8 8 0 0 1-8 8H32a8 8 0 0 1-8-8v-2a2 2 0 0 1 2-2h14z"/>
        <circle class="device__light" cx="114" cy="80" r="11"/>
      </g>
      <g class="device device--tablet">
        <rect class="device__body" x="228" y="38" width="72" height="98" rx="9"/>
        <circle class="device__light" cx="264" cy="80" r="11"/>
      </g>
      <g class="device device--phone">
        <rect class="device__body" x="324" y="58" width="44" height="78" rx="9"/>
        <circle class="device__light" cx="346" cy="80" r="11"/>
      </g>
      <rect class="scene__board" y="136" width="400" height="5" rx="2.5"/>
    </svg>
    <div class="card">
      <jsp:doBody/>
    </div>
  </div>
</main>
<footer class="colophon">
  <p><ms:text key="page.footer"/></p>
  <ms:support/>
</footer>
</body>
</html>
