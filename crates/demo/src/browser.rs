//! A browser, as far as the tap pages need one: cookies by host, redirects, links and forms.

use anyhow::{Context, Result, bail};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use url::Url;

const REDIRECTS: usize = 10;

/// One person's browser.
#[derive(Default)]
pub struct Browser {
    http: Option<reqwest::Client>,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where a visit ended.
#[derive(Debug)]
pub enum Visit {
    /// On a page of the verifier.
    Page(Page),
    /// At a relying party's redirect URI.
    Callback(Url),
}

/// A page of the verifier.
#[derive(Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its HTML.
    pub html: String,
}

impl Page {
    /// The value of `attribute` in the element with the given `id`.
    pub fn attribute(&self, id: &str, attribute: &str) -> Option<String> {
        let element = self.html.find(&format!("id=\"{id}\""))?;
        let start = self.html[..element].rfind('<')?;
        let tag = &self.html[start..start + self.html[start..].find('>')?];
        value_of(tag, attribute)
    }

    /// A form: where it is sent, and what it sends whatever somebody types.
    fn form(&self, id: &str) -> Option<(String, Vec<(String, String)>)> {
        let at = self.html.find(&format!("<form id=\"{id}\""))?;
        let form = &self.html[at..];
        let form = &form[..form.find("</form>")?];
        let tag = &form[..form.find('>')?];
        let action = value_of(tag, "action").unwrap_or_else(|| self.url.path().to_owned());
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let hidden = hidden.filter_map(|rest| {
            let tag = &rest[..rest.find('>')?];
            Some((value_of(tag, "name")?, value_of(tag, "value")?))
        });
        Some((action, hidden.collect()))
    }

    /// The reason a refusal page names.
    pub fn reason(&self) -> Option<String> {
        value_of(&self.html, "data-reason")
    }
}

fn value_of(html: &str, attribute: &str) -> Option<String> {
    let (_, after) = html.split_once(&format!("{attribute}=\""))?;
    let text = after.split_once('"')?.0;
    Some(text.replace("&#38;", "&").replace("&amp;", "&"))
}

impl Visit {
    /// The page, where one is expected.
    ///
    /// # Errors
    /// If the browser went to the relying party instead.
    pub fn page(self) -> Result<Page> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Callback(url) => bail!("left for the relying party: {}", url.path()),
        }
    }

    /// The relying party's address, where the browser is expected to have gone.
    ///
    /// # Errors
    /// If a page was shown instead.
    pub fn callback(self) -> Result<Url> {
        match self {
            Self::Callback(url) => Ok(url),
            Self::Page(page) => {
                bail!(
                    "stayed at {} ({}, reason {:?})",
                    page.url.path(),
                    page.status,
                    page.reason()
                )
            }
        }
    }
}

/// An HTTP client that follows no redirects, and for which every name is this machine: a minimal
/// machine resolves none, not even `localhost`.
///
/// # Errors
/// If it cannot be made.
pub fn client() -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    Ok(builder.dns_resolver(Arc::new(ThisMachine)).build()?)
}

struct ThisMachine;

impl Resolve for ThisMachine {
    fn resolve(&self, _: Name) -> Resolving {
        // The port is the address's own.
        let here: Addrs = Box::new(std::iter::once((Ipv4Addr::LOCALHOST, 0).into()));
        Box::pin(async { Ok(here) })
    }
}

impl Browser {
    /// A browser without cookies.
    pub fn new() -> Self {
        Self::default()
    }

    /// A browser without cookies that shares `http` and its connections with others. The client
    /// must not follow redirects.
    pub fn sharing(http: reqwest::Client) -> Self {
        Self {
            http: Some(http),
            ..Self::default()
        }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// If a server cannot be reached.
    pub async fn open(&mut self, url: &Url) -> Result<Visit> {
        self.visit(Method::GET, url.clone(), &[]).await
    }

    /// Sends a form of `page` to `path`, which is relative to it.
    ///
    /// # Errors
    /// If a server cannot be reached.
    pub async fn submit(
        &mut self,
        page: &Page,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Visit> {
        self.visit(Method::POST, page.url.join(path)?, form).await
    }

    /// Opens an address, and goes on to wherever its answers lead, up to a page.
    ///
    /// # Errors
    /// If a server cannot be reached, or it never ends.
    pub async fn go(&mut self, url: &Url) -> Result<Page> {
        let visit = self.open(url).await?;
        self.arrive(visit).await
    }

    /// Sends the form `id` of `page` with what is typed into it, and goes on as [`Browser::go`]
    /// does.
    ///
    /// # Errors
    /// As there; and if the page has no such form.
    pub async fn press(&mut self, page: &Page, id: &str, typed: &[(&str, &str)]) -> Result<Page> {
        let form = page.form(id).with_context(|| {
            let reason = page.reason().unwrap_or_default();
            format!("no form {id} at {} {reason}", page.url.path())
        });
        let (action, hidden) = form?;
        let hidden = hidden.iter().map(|(key, value)| (&**key, &**value));
        let fields: Vec<_> = hidden.chain(typed.iter().copied()).collect();
        let visit = self.submit(page, &action, &fields).await?;
        self.arrive(visit).await
    }

    async fn arrive(&mut self, visit: Visit) -> Result<Page> {
        let mut visit = visit;
        for _ in 0..REDIRECTS {
            let next = match visit {
                Visit::Callback(url) => url,
                // A page that leads on by itself, with a link for who waits in vain.
                Visit::Page(page) => match page.attribute("leave", "href") {
                    Some(url) => url.parse()?,
                    None => return Ok(page),
                },
            };
            visit = self.open(&next).await?;
        }
        bail!("more than {REDIRECTS} hosts")
    }

    async fn visit(&mut self, method: Method, url: Url, form: &[(&str, &str)]) -> Result<Visit> {
        let (mut method, mut url) = (method, url);
        let home = url.origin();
        for _ in 0..REDIRECTS {
            let request = self.request(&method, &url, form)?;
            let response = request.send().await?;
            self.keep_cookies(&url, &response);
            let Some(location) = response.headers().get(LOCATION) else {
                let status = response.status();
                return Ok(Visit::Page(Page {
                    status,
                    html: response.text().await?,
                    url,
                }));
            };
            url = url.join(location.to_str()?)?;
            method = Method::GET;
            if url.origin() != home {
                return Ok(Visit::Callback(url));
            }
        }
        bail!("more than {REDIRECTS} redirects")
    }

    fn request(
        &mut self,
        method: &Method,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<RequestBuilder> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => self.http.insert(client()?).clone(),
        };
        let cookies = self.cookies.get(url.host_str().context("a host")?);
        let cookies: Vec<String> = cookies
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = http.request(method.clone(), url.clone());
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if *method == Method::POST {
            request = request
                .header(ORIGIN, url.origin().ascii_serialization())
                .form(form);
        }
        Ok(request)
    }

    fn keep_cookies(&mut self, url: &Url, response: &Response) {
        let jar = self
            .cookies
            .entry(url.host_str().unwrap_or_default().to_owned())
            .or_default();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}
