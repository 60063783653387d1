//! The emulator as a process, and its control interface.

use crate::process::{Process, binary};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A running emulator: cards, a virtual PN532, a test authority.
pub struct Emulator {
    /// The process.
    pub process: Process,
    /// The authority's address.
    pub authority: String,
    /// The virtual PN532's path.
    pub pn532: PathBuf,
    control: String,
    http: reqwest::Client,
}

impl Emulator {
    /// Starts an emulator called `name` that knows `holders`, with its files in `folder`. `more`
    /// are further arguments.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn start(
        name: &str,
        holders: &[PathBuf],
        folder: &Path,
        more: &[&str],
    ) -> Result<Self> {
        let pn532 = folder.join(format!("{name}.pn532"));
        let mut command = Command::new(binary("kazasu-emulator")?);
        for holder in holders {
            command.arg("--holder").arg(holder);
        }
        command.arg("--pn532").arg(&pn532);
        command.args(["--authority", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
        command.arg("--exit-with-stdin").args(more);
        let (process, ready) = Process::start(name, command, folder).await?;
        let address = |key: &str| {
            let value = ready[key].as_str();
            value
                .map(str::to_owned)
                .with_context(|| format!("{name} names no {key}"))
        };
        Ok(Self {
            authority: address("authority")?,
            control: address("control")?,
            pn532,
            process,
            http: reqwest::Client::new(),
        })
    }

    /// The reader's name for libnfc.
    pub fn reader(&self) -> String {
        format!("pn532_uart:{}", self.pn532.display())
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let response = self
            .http
            .post(format!("{}{path}", self.control))
            .json(&body)
            .send()
            .await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Holds a holder's card to the reader.
    ///
    /// # Errors
    /// If there is no such holder.
    pub async fn present(&self, holder: &str) -> Result<()> {
        self.post("/present", json!({ "holder": holder }))
            .await
            .map(drop)
    }

    /// Takes the card away.
    ///
    /// # Errors
    /// If the emulator does not answer.
    pub async fn remove(&self) -> Result<()> {
        self.post("/remove", json!({})).await.map(drop)
    }

    /// Replaces the list of faults.
    ///
    /// # Errors
    /// If the emulator does not know one of them.
    pub async fn faults(&self, faults: Value) -> Result<()> {
        self.post("/faults", faults).await.map(drop)
    }

    /// Has the authority `renew`, `reissue`, `revoke`, `hold` or `release` a holder's certificate.
    ///
    /// # Errors
    /// If the authority refuses.
    pub async fn authority(&self, action: &str, holder: &str) -> Result<()> {
        let path = format!("/authority/{action}");
        self.post(&path, json!({ "holder": holder }))
            .await
            .map(drop)
    }

    /// The exchanges with the cards so far: headers, lengths and status words.
    ///
    /// # Errors
    /// If the emulator does not answer.
    pub async fn exchanges(&self) -> Result<Value> {
        let response = self
            .http
            .get(format!("{}/exchanges", self.control))
            .send()
            .await?;
        Ok(response.json().await?)
    }

    /// A holder's current authentication certificate, DER.
    ///
    /// # Errors
    /// If there is no such holder.
    pub async fn certificate(&self, holder: &str) -> Result<Vec<u8>> {
        self.fetch(format!("{}/holders/{holder}/certificate", self.control))
            .await
    }

    /// The authority's certificate of one generation, DER.
    ///
    /// # Errors
    /// If there is no such generation.
    pub async fn anchor(&self, generation: u32) -> Result<Vec<u8>> {
        self.fetch(format!("{}/ca/{generation}.der", self.authority))
            .await
    }

    async fn fetch(&self, url: String) -> Result<Vec<u8>> {
        let response = self.http.get(url).send().await?.error_for_status()?;
        Ok(response.bytes().await?.to_vec())
    }
}
