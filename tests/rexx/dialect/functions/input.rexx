REQUIRE "rexxjs/address-qemu"
regions = '["us-east-1", "eu-west-1", "ap-south-1"]'
LET regions_array = JSON_PARSE(text=regions)
LET region_count = ARRAY_LENGTH(array=regions_array)
DO i = 0 TO region_count - 1
  SAY i ARRAY_GET(array=regions_array, index=i)
END
SAY ARRAY_LENGTH(regions) ARRAY_LENGTH('{"a":1,"b":2}')
LET more = ARRAY_PUSH(array=regions_array, item="new")
more = ARRAY_PUSH(more, 5, "6")
SAY ARRAY_LENGTH(more) ARRAY_LENGTH(regions_array) JSON_STRINGIFY(object=more)
more = ARRAY_SET(more, 0, "first")
SAY more[0] JSON_STRINGIFY(ARRAY_SET({a: 1}, "b", [2]))
SAY JSON_STRINGIFY({a: [1, {b: 2}]}, 2)
SAY REGEX_MATCH("The answer is 42, not 41", "[0-9]+") REGEX_MATCH(string="a1b22", pattern="\\d+", flags="g")
SAY "["REGEX_MATCH("abc", "x")"]" REGEX_TEST("abc", "^A") REGEX_TEST("abc", "^A", "i") REGEX_TEST("aäc", "^.ä.$")
SAY REGEX_REPLACE("2024-05-06", "(\d+)-(\d+)-(\d+)", "$3.$2.$1 $$ $&") REGEX_REPLACE("aaa", "a", "b", "")
SAY REGEX_REPLACE("x  y   z", "\s+", " ") REGEX_REPLACE("abc", "(?<first>a)", "<$<first>>") REGEX_REPLACE("ab", "", "-")
SAY SHA256("abc")
SAY (SHA256(text="") = HASH_SHA256(""))
SAY REGEX_TEST(UUID(), "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$") (UUID() \= UUID())
LET w = FILE_WRITE("made.txt", "ä line")
SAY w.success w.bytes w.path FILE_EXISTS("made.txt") FILE_EXISTS(filename="not.there")
LET r = FILE_READ("made.txt")
SAY r.success r.content r.size
LET missing = FILE_READ("not.there")
SAY missing.success missing.error
SAY "["ENV("REXX_TEST_NOT_SET")"]" (ENV(name="HOME") = VALUE("HOME", , "SYSTEM"))
LET start = NOW()
SLEEP(30)
LET took = NOW() - start
SAY (took >= 30) (took < 30000) DATATYPE(start, "W")
SLEEP ms=1
CALL SLEEP 1
SAY REGEX_TEST(NOW("UTC", "ISO"), "^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
w = FILE_WRITE("script.rexx", "/* rexxjs-vm-base: b */\n/* rexxjs-vm-memory: 4G */\n/* rexxjs-vm-cpus: 2 */\n/* rexxjs-vm-ingress-port: 8080 */\n/* rexxjs-vm-timeout: 300 */")
LET header = QEMU_HEADER("script.rexx")
SAY header.base header.memory header.cpus header.ingress[0].guest header.timeout_ms
