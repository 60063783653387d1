//! A browser: pages, forms and cookies, without scripts.

use super::Server;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};

/// A browser with one cookie jar.
pub(crate) struct Browser {
    http: Client,
    origin: String,
    pub(crate) cookie: Option<String>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) html: String,
}

impl Page {
    pub(crate) fn reason(&self) -> Option<&str> {
        self.html.split_once("data-reason=\"")?.1.split('"').next()
    }

    pub(crate) fn ticket(&self) -> String {
        let link = self.html.split_once("id=\"ticket\" href=\"").unwrap().1;
        let url = link.split('"').next().unwrap();
        url.split_once("/t/").unwrap().1.to_owned()
    }
}

impl Browser {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            http: server.http.clone(),
            origin: server.origin.clone(),
            cookie: None,
        }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let mut request = self.http.get(url);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.unwrap();
        self.page(response).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let origin = self.origin.clone();
        self.post_from(&origin, url, form).await
    }

    /// Posts as a page of another origin would.
    pub(crate) async fn post_from(
        &mut self,
        origin: &str,
        url: &str,
        form: &[(&str, &str)],
    ) -> Page {
        let mut request = self.http.post(url).header(ORIGIN, origin).form(form);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.unwrap();
        self.page(response).await
    }

    async fn page(&mut self, response: Response) -> Page {
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        if let Some(cookie) = header(SET_COOKIE) {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Page {
            status: response.status(),
            location: header(LOCATION),
            html: response.text().await.unwrap(),
        }
    }
}
