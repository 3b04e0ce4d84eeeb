package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;

/** The expected messages were recorded from the command line of qemu-storage-daemon 11.1.3. */
class KeyvalTest {
    private static BlockdevOptions blockdev(String text) {
        return BlockdevOptions.visit(new KeyvalInputVisitor(KeyvalParser.parse(text, "driver")), null);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " -> ", quoteCharacter = '`', textBlock = """
                    null-co,,node-name=n -> Invalid parameter ''
                    `` -> Parameter 'driver' is missing
                    , -> Invalid parameter ''
                    =x -> Invalid parameter ''
                    null-co,=x -> Invalid parameter ''
                    null-co,node-name -> Expected '=' after parameter 'node-name'
                    null-co,cache=on,cache.direct=on -> Parameters 'cache.*' used inconsistently
                    null-co,cache.direct=on,cache=on -> Parameters 'cache.*' used inconsistently
                    null-co,cache.direct=maybe -> Parameter 'cache.direct' expects 'on' or 'off'
                    null-co,cache.direct.x=on -> Parameters 'cache.direct.*' are unexpected
                    null-co,cache.0=on -> Invalid parameter type for 'cache', expected: object
                    null-co,cache.1=on -> Parameter 'cache.0' missing
                    null-co,cache.=on -> Invalid parameter 'cache.'
                    null-co,.x=on -> Invalid parameter '.x'
                    null-co,cache..direct=on -> Invalid parameter 'cache..direct'
                    null-co,size=1x -> Parameter 'size' expects integer
                    null-co,size=1M -> Parameter 'size' expects integer
                    null-co,size= -> Parameter 'size' expects integer
                    null-co,size=9223372036854775808 -> Parameter 'size' expects integer
                    null-co,latency-ns=18446744073709551616 -> Parameter 'latency-ns' expects integer
                    null-co,latency-ns=1k -> Parameter 'latency-ns' expects integer
                    null-co,read-zeroes=1 -> Parameter 'read-zeroes' expects 'on' or 'off'
                    null-co,read-zeroes= -> Parameter 'read-zeroes' expects 'on' or 'off'
                    null-co,read-zeroes=ON -> Parameter 'read-zeroes' expects 'on' or 'off'
                    driver=null-co,node-name=n,driver=file -> Parameter 'filename' is missing
                    null-co,driver=raw,node-name=n -> Parameter 'file' is missing
                    node-name=n -> Parameter 'driver' is missing
                    node-name=n,null-co -> Expected '=' after parameter 'null-co'
                    nix -> Parameter 'driver' does not accept value 'nix'
                    null-co,foo=bar -> Parameter 'foo' is unexpected
                    null-co,foo.x=bar -> Parameter 'foo' is unexpected
                    null-co,foo.0=bar -> Parameter 'foo' is unexpected
                    null-co,cache.foo.x=bar -> Parameter 'cache.foo' is unexpected
                    raw,file.driver=null-co,file.foo=1 -> Parameter 'file.foo' is unexpected
                    raw,file.0=x -> Invalid parameter type for 'file', expected: BlockdevRef
                    raw,file.driver=nix -> Parameter 'driver' does not accept value 'nix'
                    raw,file.size=1 -> Parameter 'file.driver' is missing
                    raw,file.driver=null-co,file.size=x -> Parameter 'file.size' expects integer
                    raw,file.driver=null-co,file.driver.x=1 -> Parameters 'file.driver.*' used inconsistently
                    raw,file.cache.x=1,file.cache.0=1 -> Parameters 'file.cache.*' used inconsistently
                    qcow2,file=f,overlap-check.template=nix -> Parameter 'template' does not accept value 'nix'
                    qcow2,file=f,overlap-check=nix -> Parameter 'overlap-check' does not accept value 'nix'
                    `qcow2,file=f,overlap-check.0=nix` -> `Invalid parameter type for 'overlap-check', expected: Qcow2OverlapChecks`
                    [] -> Parameter 'driver' does not accept value '[]'
                    x.y -> Parameter 'driver' does not accept value 'x.y'
                    help -> Help is not available for this option
                    ? -> Help is not available for this option
                    null-co,help -> Help is not available for this option
                    null-co,help,foo -> Expected '=' after parameter 'foo'
                    null-co,?=1 -> Invalid parameter '?'
                    null-co,help=1 -> Parameter 'help' is unexpected
                    help=1 -> Parameter 'driver' is missing
                    0=x -> Invalid parameter '0'
                    null-co,0=x -> Invalid parameter '0'
                    null-co,a.0=1,a.x=2 -> Parameters 'a.*' used inconsistently
                    null-co,a.x=1,a.0=2 -> Parameters 'a.*' used inconsistently
                    null-co,a.00=1 -> Parameter 'a' is unexpected
                    null-co,a.01=1,a.0=2 -> Parameter 'a' is unexpected
                    null-co,a.99999999999999999999=1 -> Parameter 'a.0' missing
                    null-co,x.1=1,a_b=1,cache.0=1,cache.y=2 -> Parameter 'x.0' missing
                    null-co,cache.1=1,x.0=2,x.y=3 -> Parameters 'x.*' used inconsistently
                    null-co,a.-1=1 -> Invalid parameter 'a.-1'
                    null-co,a.0x=1 -> Invalid parameter 'a.0x'
                    null-co,_a=1 -> Invalid parameter '_a'
                    null-co,-a=1 -> Invalid parameter '-a'
                    null-co,a b=1 -> Invalid parameter 'a b'
                    null-co,a=b=c -> Parameter 'a' is unexpected
                    null-co,__org.x_foo=1 -> Parameter '__org.x_foo' is unexpected
                    null-co,__org=1 -> Invalid parameter '__org'
                    null-co,a.b,c=1 -> Expected '=' after parameter 'a.b'
                    nul l=co -> Invalid parameter 'nul l'
                    """)
    void blockdevIsRefused(String text, String message) {
        assertThatThrownBy(() -> blockdev(text))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    @Test
    void tooLongKeyIsRefused() {
        String longest = "x".repeat(127);
        String longer = "x".repeat(128);
        assertThatThrownBy(() -> blockdev("null-co," + longest + "=1"))
                .hasMessage("Parameter '" + longest + "' is unexpected");
        assertThatThrownBy(() -> blockdev("null-co," + longer + "=1"))
                .hasMessage("Parameter '" + longer + "' is too long");
        assertThatThrownBy(() -> blockdev("null-co,a." + longer + "=1"))
                .hasMessage("Parameter fragment '" + longer + "' is too long");
        assertThatThrownBy(() -> blockdev("null-co," + longer + ".a=1"))
                .hasMessage("Parameter fragment '" + longer + "' is too long");
    }

    @Test
    void tooDeepNestingIsRefused() {
        assertThatThrownBy(() -> blockdev("raw," + "file.".repeat(26_000) + "driver=null-co"))
                .hasMessage("Parameters are nested too deeply");
    }

    @ParameterizedTest
    @CsvSource({"0x1000,4096", "010,8", "0b101,5", "' 1',1", "-1,-1", "+7,7", "9223372036854775807,9223372036854775807"
    })
    void integersAreWrittenAsInC(String text, long value) {
        assertThat(blockdev("null-co,size=" + text)).isInstanceOfSatisfying(BlockdevOptions.NullCo.class, node -> {
            assertThat(node.u().size()).isEqualTo(value);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "yes", "true", "y"})
    void trueHasFourNames(String text) {
        assertThat(blockdev("null-co,read-only=" + text).readOnly()).isTrue();
    }

    @Test
    void trailingCommaMeansNothing() {
        assertThat(blockdev("null-co,node-name=n,").nodeName()).isEqualTo("n");
    }

    @Test
    void commaInAValueIsDoubled() {
        assertThat(blockdev("null-co,node-name=a,,b,,,,c").nodeName()).isEqualTo("a,b,,c");
    }

    @Test
    void laterDuplicateHolds() {
        assertThat(blockdev("driver=file,node-name=n,driver=null-co")).isInstanceOf(BlockdevOptions.NullCo.class);
    }

    @Test
    void dottedKeysMakeNestedNodes() {
        assertThat(blockdev("raw,node-name=n,file.driver=file,file.filename=/x,file.cache.direct=on")
                        .toJson())
                .hasToString("{\"driver\":\"raw\",\"node-name\":\"n\",\"file\":{\"driver\":\"file\",\"cache\":"
                        + "{\"direct\":true},\"filename\":\"/x\"}}");
    }

    private static BlockExportOptions export(String text) {
        return BlockExportOptions.visit(new KeyvalInputVisitor(KeyvalParser.parse(text, "type")), null);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " -> ", quoteCharacter = '`', textBlock = """
                    fuse -> Parameter 'id' is missing
                    type=fuse,id=e -> Parameter 'node-name' is missing
                    nix -> Parameter 'type' does not accept value 'nix'
                    fuse,id=e,node-name=n,mountpoint=m,iothread.1=a -> Parameter 'iothread.0' missing
                    fuse,id=e,node-name=n,mountpoint=m,iothread.0.x=a -> Parameters 'iothread.0.*' are unexpected
                    `fuse,id=e,node-name=n,mountpoint=m,iothread.x=a` -> `Invalid parameter type for 'iothread', expected: BlockExportIothreads`
                    fuse,id=e,node-name=n,mountpoint=m,growable=maybe -> Parameter 'growable' expects 'on' or 'off'
                    fuse,id=e,node-name=n,mountpoint=m,allow-other=maybe -> Parameter 'allow-other' does not accept value 'maybe'
                    """)
    void exportIsRefused(String text, String message) {
        assertThatThrownBy(() -> export(text)).isInstanceOf(QapiException.class).hasMessage(message);
    }

    @Test
    void numberedKeysMakeAList() {
        assertThat(export("fuse,id=e,node-name=n,mountpoint=m,iothread.1=b,iothread.0=a")
                        .toJson()
                        .get("iothread"))
                .hasToString("[\"a\",\"b\"]");
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " -> ", quoteCharacter = '`', textBlock = """
                    addr.type=unix -> Parameter 'addr.path' is missing
                    addr.type=nix -> Parameter 'type' does not accept value 'nix'
                    addr.type=inet,addr.host=h,addr.port=p,addr.to=70000 -> Parameter 'to' expects uint16_t
                    addr.type=inet,addr.host=h,addr.port=p,addr.to=-1 -> Parameter 'to' expects uint16_t
                    addr.type=inet,addr.host=h,addr.port=p,addr.to=1x -> Parameter 'addr.to' expects integer
                    addr.type=unix,addr.path=p,max-connections=4294967296 -> Parameter 'max-connections' expects uint32_t
                    unix -> Expected '=' after parameter 'unix'
                    """)
    void nbdServerIsRefused(String text, String message) {
        assertThatThrownBy(() -> NbdServerOptions.visit(new KeyvalInputVisitor(KeyvalParser.parse(text, null)), null))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x", "-1", "", "16E", "0x10k", "1.5", "1e3", "1KiB", "1.x5k", "18446744073709551616"})
    void sizeIsRefused(String text) {
        assertThatThrownBy(() -> OptionNumbers.size(text)).isInstanceOf(NumberFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({"1k,1024", "1.5k,1536", "' 512',512", "0x200,512", "2M,2097152", "1B,1", "1E,1152921504606846976"})
    void sizeMayHaveASuffix(String text, long bytes) {
        assertThat(OptionNumbers.size(text)).isEqualTo(bytes);
    }

    @Test
    void helpIsToldApart() {
        assertThat(KeyvalParser.parseWithHelp("iothread,help,id=x", "qom-type"))
                .isEqualTo(new KeyvalParser.Result(
                        QapiJson.object().put("qom-type", "iothread").put("id", "x"), true));
    }
}
