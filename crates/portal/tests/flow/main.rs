//! The portal as people, the verifier and the sign-in see it: every procedure from its first page to
//! its last, and whatever a browser, a person or a provider may do instead.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod answers;
mod clocks;
mod forms;
mod harness;
mod kinds;
mod linking;
mod logs;
mod nodes;
mod objecting;
mod oddities;
mod outages;
mod recovering;
mod replacing;
mod sessions;
mod storing;
mod tabs;
mod telling;
mod texts;
mod turns;
mod unlinking;
