import Testing

@testable import Portal

@Suite struct MessagesTests {
    @Test func gapsAreFilledOnceAndValuesAreNoGaps() {
        let messages = Messages(["a": "{x} và {y}, {x}", "b": "{ {x} {z} }", "c": "không"])
        #expect(messages.say("a", ["x": "{y}", "y": "đ"]) == "{y} và đ, {y}")
        #expect(messages.say("b", ["x": "1"]) == "{ 1 {z} }")
        #expect(messages.say("b", ["x": ""]) == "{  {z} }")
        #expect(messages.say("c", ["x": "1"]) == "không")
        #expect(messages.say("d", ["x": "1"]) == "d")
    }
}
