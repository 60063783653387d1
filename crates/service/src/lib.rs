//! What every server here needs: settings, listener and TLS, a store on two engines, audit, page
//! layout, secrets, limits, telemetry and commands. It knows no card, certificate, account or PPID.

pub mod admin;
pub mod audit;
pub mod commands;
pub mod limits;
pub mod listener;
pub mod metrics;
pub mod page;
pub mod secret;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod tls;

use std::sync::Arc;

/// Seconds since the Unix epoch, now. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
