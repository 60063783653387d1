//! The child process: the only place that calls libnfc.

use super::wire::{Bytes, FRAME_MAX, Order, Report};
use super::{CHILD_ARGUMENT, lock};
use crate::link::{Reply, Request};
use kazasu_card::ChannelLimits;
use nfc1::{BaudRate, Error, Modulation, ModulationType, Property, Timeout};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::exit;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long libnfc may take to let go of the device once the parent is gone.
const CLOSING_TIME: Duration = Duration::from_secs(1);
/// Longer than the 5 ms without a field after which a card is reset (ISO/IEC 14443-3 §5.2).
const FIELD_OFF: Duration = Duration::from_millis(20);
/// The chip may still hold answers to earlier commands: a late one spoils the two or three calls
/// that follow it.
const RECOVERY_TRIES: usize = 4;
/// The longest response a PN532 passes on is 263 bytes; the rest shows that there was more.
const RECEIVE_BUFFER: usize = 512;
/// A day is for ever at a reader, and fits a C int of milliseconds.
const TIMEOUT_MAX: Duration = Duration::from_secs(86_400);
/// More devices than a desk has ports.
const DEVICES_MAX: usize = 16;

const TYPE_B: Modulation = Modulation {
    modulation_type: ModulationType::Iso14443b,
    baud_rate: BaudRate::Baud106,
};

/// Turns this process into the child for libnfc if its first argument says so; it then never
/// returns. Call it first thing in `main`, before a runtime or a thread is started.
pub fn run_child_if_asked() {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == CHILD_ARGUMENT)
    {
        exit(match serve() {
            Ok(()) => 0,
            Err(_) => 1,
        });
    }
}

fn serve() -> io::Result<()> {
    // libnfc may abort with a PIN in its buffers: that must not become a core file.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    // Plain files, because the buffers of `io::stdin` and `io::stdout` could not be wiped.
    let mut orders = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut reports = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        while let Ok(frame) = read_frame(&mut orders) {
            if sender.send(frame).is_err() {
                break;
            }
        }
        drop(sender);
        // The parent is gone. If libnfc hangs it will not notice; this ends the process anyway.
        thread::sleep(CLOSING_TIME);
        exit(1);
    });
    let mut session = Session::new()?;
    for frame in receiver {
        let order = Order::decode(&frame).map_err(|_| io::ErrorKind::InvalidData)?;
        let report = session.carry_out(order);
        write_frame(&mut reports, &report.encode())?;
    }
    Ok(())
}

fn read_frame(input: &mut File) -> io::Result<Bytes> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = Zeroizing::new(vec![0; length]);
    input.read_exact(&mut frame)?;
    Ok(frame)
}

fn write_frame(output: &mut File, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(frame)
}

/// One libnfc context and the device opened in it. The device must be dropped first.
struct Session {
    device: Option<Device>,
    context: nfc1::Context,
}

struct Device {
    device: nfc1::Device,
    /// A card was activated, so the next look for one starts with a power cycle.
    active: bool,
    _lock: lock::Lock,
}

impl Session {
    fn new() -> io::Result<Self> {
        let context = nfc1::Context::new().map_err(io::Error::from)?;
        Ok(Self {
            device: None,
            context,
        })
    }

    fn carry_out(&mut self, order: Order) -> Report {
        match (order, &mut self.device) {
            (Order::Scan, _) => match self.context.list_devices(DEVICES_MAX) {
                Ok(names) => Report::Devices(names),
                Err(_) => Report::Card(Reply::ReaderGone),
            },
            (Order::Open(connstring), None) => self.open(&connstring),
            (Order::Card(request), Some(device)) => Report::Card(device.carry_out(&request)),
            (Order::Open(_), Some(_)) | (Order::Card(_), None) => Report::Card(Reply::ReaderGone),
        }
    }

    fn open(&mut self, connstring: &str) -> Report {
        let lock = match lock::acquire(connstring) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Report::Card(Reply::InUse),
            Err(_) => return Report::Card(Reply::ReaderGone),
        };
        let opened = self
            .context
            .open_with_connstring(connstring)
            .and_then(|mut device| {
                device.initiator_init()?;
                // Initialising turns this on, and an endless select cannot be interrupted.
                device.set_property_bool(Property::InfiniteSelect, false)?;
                Ok(device)
            });
        match opened {
            Ok(device) => {
                self.device = Some(Device {
                    device,
                    active: false,
                    _lock: lock,
                });
                Report::Opened
            }
            Err(_) => Report::Card(Reply::ReaderGone),
        }
    }
}

impl Device {
    fn carry_out(&mut self, request: &Request) -> Reply {
        match request {
            Request::Poll => self.poll(),
            Request::Transceive { command, timeout } => self.transceive(command, *timeout),
            Request::Reset => self.reset(),
        }
    }

    fn poll(&mut self) -> Reply {
        if self.active {
            return match self.reset() {
                Reply::CardLost => Reply::NoCard,
                reply => reply,
            };
        }
        match self.select() {
            Ok(true) => Reply::Card(ChannelLimits::LIBNFC),
            Ok(false) => Reply::NoCard,
            Err(_) => Reply::ReaderGone,
        }
    }

    /// Looks once for a card of type B.
    fn select(&mut self) -> nfc1::Result<bool> {
        match self.device.initiator_select_passive_target(&TYPE_B) {
            // With nothing on the reader libnfc may report success and a target of type A, all
            // of it zero.
            Ok(target) => {
                self.active = target.modulation.modulation_type == ModulationType::Iso14443b;
                Ok(self.active)
            }
            Err(Error::RfTransmissionError | Error::TargetReleased | Error::Timeout) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn transceive(&mut self, command: &[u8], timeout: Duration) -> Reply {
        // One byte more would overflow a buffer on libnfc's stack.
        if command.len() > ChannelLimits::LIBNFC.command || !self.active {
            return Reply::CardLost;
        }
        // libnfc takes whole milliseconds in a C int; 0 would mean no limit, and less its own.
        let timeout = timeout.clamp(Duration::from_millis(1), TIMEOUT_MAX);
        let timeout = Timeout::Duration(timeout);
        match self
            .device
            .initiator_transceive_bytes(command, RECEIVE_BUFFER, timeout)
        {
            Ok(response) if response.len() > ChannelLimits::LIBNFC.response => {
                Reply::Garbage(Zeroizing::new(response).len())
            }
            Ok(response) => Reply::Response(Zeroizing::new(response)),
            Err(Error::RfTransmissionError | Error::TargetReleased) => Reply::CardLost,
            Err(Error::Timeout) => {
                // The answer may still come: it must not be taken for that of the next command.
                self.reset();
                Reply::CardLost
            }
            Err(Error::Chip | Error::BufferOverflow) => {
                // The card answered more than fits, and the chip still holds the rest.
                self.reset();
                Reply::Garbage(ChannelLimits::LIBNFC.response + 1)
            }
            Err(_) => Reply::ReaderGone,
        }
    }

    /// Powers the card off and on, until chip and card answer what they are asked.
    fn reset(&mut self) -> Reply {
        let mut outcome = Reply::CardLost;
        for _ in 0..RECOVERY_TRIES {
            match self.power_cycle() {
                Ok(true) => return Reply::Card(ChannelLimits::LIBNFC),
                Ok(false) => return Reply::CardLost,
                Err(_) => outcome = Reply::ReaderGone,
            }
        }
        outcome
    }

    fn power_cycle(&mut self) -> nfc1::Result<bool> {
        // A card that is gone cannot be deselected, and an answer that is late spoils this.
        let _ = self.device.initiator_deselect_target();
        self.device
            .set_property_bool(Property::ActivateField, false)?;
        thread::sleep(FIELD_OFF);
        self.device
            .set_property_bool(Property::ActivateField, true)?;
        thread::sleep(FIELD_OFF);
        self.active = false;
        self.select()
    }
}
