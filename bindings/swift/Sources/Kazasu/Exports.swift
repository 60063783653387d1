// The types of the generated module that an app uses as they are. An app imports Kazasu only.
// Names that are not listed here stay in the generated module.

@_exported import struct KazasuFFI.CardInfo
@_exported import enum KazasuFFI.CardKind
@_exported import struct KazasuFFI.ChannelLimits
@_exported import struct KazasuFFI.Consent
@_exported import enum KazasuFFI.Language
@_exported import struct KazasuFFI.Message
@_exported import enum KazasuFFI.Mode
@_exported import struct KazasuFFI.PairingDigits
@_exported import enum KazasuFFI.PinKind
@_exported import enum KazasuFFI.PinState
@_exported import enum KazasuFFI.ProfileRule
@_exported import enum KazasuFFI.Purpose
@_exported import enum KazasuFFI.Reason
@_exported import struct KazasuFFI.TapDetails
@_exported import enum KazasuFFI.TapStep
