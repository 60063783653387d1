//! Virtual readers: what the drivers of real ones talk to.

mod chip;
mod frame;
mod pn532;
mod vpcd;

pub use frame::{Frame, FrameError};
pub use pn532::VirtualPn532;
pub use vpcd::{VpcdCard, VpcdMode};
