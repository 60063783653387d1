//! Secrets that are issued: shown once, never stored, never printed.

mod generate;
mod rule;

pub use rule::{Breach, Rule};

use zeroize::Zeroizing;

/// A password, within the rule. Neither Debug nor a log shows it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A temporary access pass.
pub struct AccessPass(Zeroizing<String>);

impl Password {
    /// For the directory that sets it, and the one page that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl AccessPass {
    /// What a directory issued.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// For the one page that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl std::fmt::Debug for AccessPass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessPass(..)")
    }
}
