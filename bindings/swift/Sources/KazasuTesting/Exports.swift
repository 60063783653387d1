// The types of the generated module that a test uses as they are.

@_exported import enum KazasuTestingFFI.TestAnswer
@_exported import enum KazasuTestingFFI.TestError
@_exported import struct KazasuTestingFFI.TestExchange
@_exported import enum KazasuTestingFFI.TestFault
@_exported import struct KazasuTestingFFI.TestHolder
@_exported import enum KazasuTestingFFI.TestToken
@_exported import struct KazasuTestingFFI.TestTries
