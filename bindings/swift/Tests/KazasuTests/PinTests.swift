import Foundation
import Kazasu
import XCTest

final class PinTests: XCTestCase {
  func testAPINIsCompleteWithItsFourthDigit() throws {
    let pin = Pin()
    XCTAssertEqual(try [0, 1, 9].map { try pin.push($0) }, [1, 2, 3])
    XCTAssertFalse(pin.isComplete)
    XCTAssertEqual(try pin.push(4), 4)
    XCTAssertTrue(pin.isComplete)
    XCTAssertEqual(pin.count, 4)
  }

  func testAFifthDigitIsNotTaken() throws {
    let pin = try typed("1234")
    XCTAssertThrowsError(try pin.push(5)) { XCTAssertEqual($0 as? PinEntryError, .full) }
    XCTAssertEqual(pin.count, 4)
  }

  func testWhatIsNoDigitIsNotTaken() throws {
    let pin = try typed("1")
    for wrong in [-1, 10, 48, 256, Int.max, Int.min] {
      XCTAssertThrowsError(try pin.push(wrong)) { XCTAssertEqual($0 as? PinEntryError, .notADigit) }
    }
    XCTAssertEqual(pin.count, 1)
  }

  func testDigitsCanBeTakenBack() throws {
    let pin = try typed("1234")
    XCTAssertEqual(pin.removeLast(), 3)
    XCTAssertFalse(pin.isComplete)
    pin.clear()
    XCTAssertEqual(pin.count, 0)
    XCTAssertEqual(pin.removeLast(), 0)
  }

  func testAPINShowsNoDigit() throws {
    let pins = Pins(authentication: try typed("7391"), profile: try typed("7391"))
    var dumped = ""
    dump(pins, to: &dumped)
    for text in ["\(pins)", String(reflecting: pins.authentication), dumped] {
      XCTAssertFalse(text.contains("7391"), text)
    }
  }
}
