//! A browser without scripts: cookies, redirects within the portal, forms. It can also be made to
//! send what no browser would.

use super::{Site, text};
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use std::collections::BTreeMap;
use std::fmt;
use url::Url;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One person's browser. A clone is the same browser, sending two things at once.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    origin: String,
    address: String,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) language: &'static str,
}

/// What a request was answered with, at the end of all redirects within the portal.
#[derive(Clone)]
pub(crate) struct Page {
    /// Where it is, or the address elsewhere that the browser is sent to.
    pub(crate) url: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

/// The path of a page or address of the portal.
pub(crate) fn path_of(url: &str) -> String {
    Url::parse(url).unwrap().path().to_owned()
}

impl Browser {
    pub(super) fn new(site: &Site) -> Self {
        Self {
            http: site.http.clone(),
            origin: site.origin.clone(),
            address: site.address.clone(),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// The same browser, whose next request a balancer takes to another node.
    pub(crate) fn at(&self, site: &Site) -> Self {
        Self {
            address: site.address.clone(),
            ..self.clone()
        }
    }

    /// Opens an address of the portal, or a path there.
    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let request = self.request(Method::GET, url);
        self.go(request, url).await
    }

    /// Posts a form as a page of the portal does.
    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let request = self.request(Method::POST, url).header(ORIGIN, &self.origin);
        self.go(request.form(form), url).await
    }

    /// Follows the link with this identifier.
    pub(crate) async fn follow(&mut self, page: &Page, id: &str) -> Page {
        let link = page.attribute(id, "href");
        let link = link.unwrap_or_else(|| panic!("no link {id}: {page:?}"));
        self.get(&link).await
    }

    /// Presses the button of the form `id`.
    pub(crate) async fn press(&mut self, page: &Page, id: &str) -> Page {
        self.fill(page, id, &[]).await
    }

    /// Sends the form `id` with these fields filled in, in place of what is there.
    pub(crate) async fn fill(&mut self, page: &Page, id: &str, fields: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form(id);
        let mut form: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| !fields.iter().any(|(filled, _)| filled == name))
            .collect();
        form.extend_from_slice(fields);
        self.post(&action, &form).await
    }

    /// A request with this browser's cookies.
    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let path = url.strip_prefix(&self.origin).unwrap_or(url);
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.address))
            .header(ACCEPT, "text/html")
            .header(ACCEPT_LANGUAGE, self.language)
            .header(USER_AGENT, AGENT);
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        request
    }

    /// Sends a request, keeps its cookies, and follows its redirects as far as the portal goes.
    pub(crate) async fn go(&mut self, request: RequestBuilder, url: &str) -> Page {
        let mut page = self.send(request, url).await;
        for _ in 0..10 {
            let Some(location) = page.headers.get(LOCATION) else {
                return page;
            };
            let here = Url::parse(&self.origin).unwrap().join(&page.url).unwrap();
            let url = here.join(location.to_str().unwrap()).unwrap();
            if url.origin().ascii_serialization() != self.origin {
                page.url = url.into();
                return page;
            }
            let request = self.request(Method::GET, url.as_str());
            page = self.send(request, url.as_str()).await;
        }
        panic!("redirected for ever at {}", page.url);
    }

    /// Sends a request and keeps its cookies.
    pub(crate) async fn send(&mut self, request: RequestBuilder, url: &str) -> Page {
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        let here = Url::parse(&self.origin).unwrap().join(url).unwrap();
        Page {
            url: here.into(),
            status: response.status(),
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }
}

/// What a person would see.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let main = self.between("<main", "</main>").unwrap_or(&self.html);
        write!(f, "{} {}\n{main}", self.status, self.url)
    }
}

impl Page {
    /// The reason that a page names which says no.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.html.split_once("data-reason=\"")?.1.split('"').next()
    }

    /// Asserts that it is the page with this key's text as its heading.
    pub(crate) fn is(&self, key: &str) -> &Self {
        let heading = self.between("<h1>", "</h1>").unwrap_or_default();
        assert_eq!(unescaped(heading), text(key), "{self:?}");
        self
    }

    /// Asserts that it says no for this reason, and leads on.
    pub(crate) fn refuses(&self, reason: &str) -> &Self {
        assert_eq!(self.reason(), Some(reason), "{self:?}");
        let main = self.between("<main", "</main>").unwrap();
        assert!(main.contains("<a ") || main.contains("<form"), "{self:?}");
        self
    }

    /// Whether a person can read this text on it.
    pub(crate) fn shows(&self, what: &str) -> bool {
        let main = self.between("<main", "</main>").unwrap_or_default();
        unescaped(main).contains(what)
    }

    /// Whether it says what this key says.
    pub(crate) fn says(&self, key: &str) -> bool {
        self.shows(text(key))
    }

    /// Its words, without tags.
    pub(crate) fn visible(&self) -> String {
        let main = self.between("<main", "</main>").unwrap_or_default();
        let parts = main
            .split('<')
            .filter_map(|part| Some(part.split_once('>')?.1));
        unescaped(&parts.collect::<Vec<_>>().join(" "))
    }

    fn between(&self, start: &str, end: &str) -> Option<&str> {
        Some(self.html.split_once(start)?.1.split_once(end)?.0)
    }

    /// The tag of the element with this identifier.
    fn tag(&self, id: &str) -> Option<&str> {
        let at = self.html.find(&format!("id=\"{id}\""))?;
        let start = self.html[..at].rfind('<')?;
        self.html[start..].split('>').next()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.tag(id).is_some()
    }

    /// An attribute of the element with this identifier.
    pub(crate) fn attribute(&self, id: &str, attribute: &str) -> Option<String> {
        value(self.tag(id)?, attribute)
    }

    /// The text of the element with this identifier.
    pub(crate) fn inside(&self, id: &str) -> Option<String> {
        let after = self.html.split_once(self.tag(id)?)?.1;
        let text = after.split_once('>')?.1.split('<').next()?;
        Some(unescaped(text))
    }

    /// Where a form goes, and what it carries without being filled in.
    pub(crate) fn form(&self, id: &str) -> (String, Vec<(String, String)>) {
        let tag = self.tag(id);
        let tag = tag.unwrap_or_else(|| panic!("no form {id}: {self:?}"));
        let after = self.html.split_once(tag).unwrap().1;
        let body = after.split("</form>").next().unwrap();
        let inputs = body.split("<input").skip(1);
        let fields = inputs.filter_map(|input| {
            let tag = input.split('>').next().unwrap();
            Some((value(tag, "name")?, value(tag, "value")?))
        });
        (value(tag, "action").unwrap(), fields.collect())
    }

    /// What a form's field carries.
    pub(crate) fn field(&self, id: &str, name: &str) -> String {
        let fields = self.form(id).1;
        fields
            .into_iter()
            .find(|(field, _)| field == name)
            .unwrap()
            .1
    }
}

fn value(tag: &str, attribute: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {attribute}=\""))?;
    Some(unescaped(after.split('"').next()?))
}

fn unescaped(html: &str) -> String {
    html.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
