//! Tables: rules, a request, and what becomes of it.

use std::path::Path;

use super::Rewrite;
use super::evaluate::{Outcome, Subject};
use crate::iis::site::{Files, Resource, Url};
use crate::xml::Document;

struct Disk(&'static [(&'static str, Resource)]);

impl Files for Disk {
    fn resource(&self, path: &str) -> Resource {
        self.0.iter().find(|(known, _)| *known == path).map_or(Resource::Missing, |(_, resource)| *resource)
    }
}

fn rules(xml: &str) -> Rewrite {
    let document = Document::parse(format!("<rewrite>{xml}</rewrite>")).unwrap();
    let mut rewrite = Rewrite::default();
    rewrite.read(document.root(), &mut Vec::new()).unwrap();
    rewrite
}

fn outcome(rewrite: &Rewrite, target: &str) -> String {
    let url = Url::parse(target).unwrap();
    let variable = |name: &str| match name {
        "HTTP_HOST" => Some("www.example.org".to_owned()),
        "HTTPS" => Some("off".to_owned()),
        _ => None,
    };
    let files = Disk(&[("/static/a.css", Resource::File), ("/static", Resource::Directory)]);
    let physical =
        |below: &str| Path::new("/srv/app").join(below.trim_start_matches('/')).display().to_string();
    let subject =
        Subject { prefix: "/app", url: &url, variable: &variable, files: &files, physical: &physical };
    match rewrite.evaluate(&subject) {
        Outcome::Goes(rewritten) => {
            let set: Vec<_> = rewritten.variables.iter().map(|(n, v)| format!(" {n}={v}")).collect();
            rewritten.url.unwrap_or_else(|| "unchanged".into()) + &set.concat()
        }
        Outcome::Answered(answer) => match &answer.location {
            Some(location) => format!("{} {location}", answer.status),
            None => format!("{}.{} {}", answer.status, answer.sub_status, answer.reason),
        },
        Outcome::Aborted => "aborted".into(),
    }
}

const ALL: &str = r#"
<rules>
  <rule name="files" stopProcessing="true">
    <match url=".*"/>
    <conditions><add input="{REQUEST_FILENAME}" matchType="IsFile"/></conditions>
    <action type="None"/>
  </rule>
  <rule name="old" patternSyntax="Wildcard" stopProcessing="true">
    <match url="old/*/*"/><action type="Redirect" url="new/{R:2}/{R:1}" redirectType="Found"/>
  </rule>
  <rule name="secure" stopProcessing="true">
    <match url="^secret/(.*)"/>
    <conditions><add input="{HTTPS}" pattern="^OFF$"/><add input="{HTTP_HOST}" pattern="^www\.(.+)$"/></conditions>
    <action type="Redirect" url="https://{C:1}/{R:1}" appendQueryString="false"/>
  </rule>
  <rule name="gone" patternSyntax="ExactMatch"><match url="gone"/>
    <action type="CustomResponse" statusCode="410" subStatusCode="2" statusReason="Gone {R:0}"/></rule>
  <rule name="bots"><match url="^bots"/><action type="AbortRequest"/></rule>
  <rule name="off" enabled="false"><match url=".*"/><action type="AbortRequest"/></rule>
  <rule name="case"><match url="^Case/(.+)$" ignoreCase="false"/>
    <action type="Rewrite" url="lower/{ToLower:{R:1}}"/></rule>
  <rule name="chained"><match url="^lower/(.*)"/><action type="Rewrite" url="last/{R:1}?from=lower"/></rule>
  <rule name="map" stopProcessing="true"><match url="^p/(\d+)$"/>
    <conditions><add input="{Pages:{R:1}}" pattern="(.+)"/></conditions>
    <serverVariables><set name="HTTP_X_PAGE" value="{C:1}"/></serverVariables>
    <action type="Rewrite" url="{C:1}"/></rule>
  <rule name="front" stopProcessing="true"><match url="^blog"/>
    <conditions logicalGrouping="MatchAny">
      <add input="{QUERY_STRING}" pattern="draft=1"/><add input="{HTTP_HOST}" pattern="^nowhere$"/></conditions>
    <action type="Rewrite" url="/app/index.py?path={UrlEncode:{R:0}}"/></rule>
  <rule name="not"><match url="^(a|b|lower|last|blog|static|p/|$)" negate="true"/>
    <conditions><add input="{REQUEST_FILENAME}" matchType="IsDirectory" negate="true"/></conditions>
    <action type="Rewrite" url="fallback"/></rule>
</rules>
<rewriteMaps><rewriteMap name="Pages" defaultValue=""><add key="7" value="about.py"/></rewriteMap></rewriteMaps>"#;

#[test]
fn rules_lead_requests_where_they_say() {
    let rewrite = rules(ALL);
    for (target, expected) in [
        ("/app/static/a.css", "unchanged"),
        ("/app/", "unchanged"),
        ("/app/OLD/x/y?q=1", "302 /app/new/y/x?q=1"),
        ("/app/secret/a?q", "301 https://example.org/a"),
        ("/app/gone", "410.2 Gone gone"),
        ("/app/bots/1", "aborted"),
        ("/app/Case/ABC", "/app/last/abc?from=lower"),
        ("/app/case/ABC", "/app/fallback"),
        ("/app/lower/x?q=1", "/app/last/x?from=lower&q=1"),
        ("/app/p/7", "/app/about.py HTTP_X_PAGE=about.py"),
        ("/app/p/8", "unchanged"),
        ("/app/blog?draft=1", "/app/index.py?path=blog&draft=1"),
        ("/app/blog", "unchanged"),
        ("/app/caf%C3%A9", "/app/fallback"),
    ] {
        assert_eq!(outcome(&rewrite, target), expected, "{target}");
    }
}

#[test]
fn captures_of_all_conditions_are_kept_when_asked_for() {
    let xml = |track| {
        format!(
            r#"<rules><rule name="x"><match url="(.*)"/><conditions trackAllCaptures="{track}">
            <add input="a-b" pattern="(a)-(b)"/><add input="c" pattern="(c)"/></conditions>
            <action type="Rewrite" url="{{C:1}}{{C:2}}{{C:3}}{{C"/></rule></rules>"#
        )
    };
    assert_eq!(outcome(&rules(&xml("true")), "/app/x"), "/app/abc{C");
    assert_eq!(outcome(&rules(&xml("false")), "/app/x"), "/app/c{C");
}

#[test]
fn what_iis_refuses_is_refused_with_its_place() {
    for (xml, part) in [
        ("<rules>\n<rule name='a'><match url='('/></rule></rules>", "line 2"),
        ("<rules><rule name='a'/></rules>", "no `match`"),
        ("<rules><rule name='a'><match url='a'/><action type='Fly'/></rule></rules>", "fly"),
        (
            "<rules><rule name='a'><match url='a'/></rule><rule name='A'><match url='a'/></rule></rules>",
            "duplicate",
        ),
        (
            "<rules><rule name='a'><match url='a'/><action type='CustomResponse'/></rule></rules>",
            "statusCode",
        ),
    ] {
        let document = Document::parse(format!("<rewrite>{xml}</rewrite>")).unwrap();
        let fault = Rewrite::default().read(document.root(), &mut Vec::new()).unwrap_err();
        assert!(fault.to_string().contains(part), "{fault}");
    }
    let document = Document::parse("<rewrite><outboundRules/><providers/></rewrite>").unwrap();
    let mut notes = Vec::new();
    Rewrite::default().read(document.root(), &mut notes).unwrap();
    assert_eq!(notes.len(), 2);
}
