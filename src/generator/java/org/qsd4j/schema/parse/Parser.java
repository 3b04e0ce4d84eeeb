package org.qsd4j.schema.parse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads a schema file and what it includes into expressions, in the order of the text, every file once. */
public final class Parser {
    private static final int MAX_DEPTH = 64;

    private final List<Expression> expressions = new ArrayList<>();
    private final Set<Path> seen = new HashSet<>();

    private Parser() {}

    public static List<Expression> parse(Path root) throws IOException {
        Parser parser = new Parser();
        parser.seen.add(root.toRealPath());
        parser.file(root);
        return parser.expressions;
    }

    private void file(Path path) throws IOException {
        new FileParser(path, Files.readString(path)).run();
    }

    private void include(Path from, Value.Dict include) throws IOException {
        if (include.members().size() != 1 || !(include.members().get("include") instanceof Value.Text name)) {
            throw new SchemaException(include.position(), "'include' must be a file name alone");
        }
        Path path = from.resolveSibling(name.text());
        if (!Files.isRegularFile(path)) {
            throw new SchemaException(name.position(), "can't read include file '" + name.text() + "'");
        }
        if (seen.add(path.toRealPath())) {
            file(path);
        }
    }

    /** The parser of one file; errors name it as the root names it. */
    private final class FileParser {
        private final Path path;
        private final Lexer lexer;
        private Token token;

        FileParser(Path path, String text) {
            this.path = path;
            this.lexer = new Lexer(path.toString(), text);
            this.token = lexer.next();
        }

        void run() throws IOException {
            Optional<Doc> doc = Optional.empty();
            while (token.kind() != Token.Kind.END) {
                if (token.kind() == Token.Kind.DOC) {
                    refuseOrphan(doc);
                    doc = DocParser.parse(take());
                    continue;
                }
                Value.Dict definition = dict(0);
                if (definition.members().containsKey("include")) {
                    refuseOrphan(doc);
                    include(path, definition);
                } else {
                    expressions.add(new Expression(moduleName(), definition, doc));
                }
                doc = Optional.empty();
            }
            refuseOrphan(doc);
        }

        private void refuseOrphan(Optional<Doc> doc) {
            if (doc.isPresent()) {
                throw new SchemaException(
                        doc.get().position(), "'@" + doc.get().symbol() + "' is not followed by its definition");
            }
        }

        private String moduleName() {
            String name = path.getFileName().toString();
            return name.endsWith(".json") ? name.substring(0, name.length() - 5) : name;
        }

        private Value value(int depth) {
            if (depth > MAX_DEPTH) {
                throw new SchemaException(token.position(), "nested too deeply");
            }
            return switch (token.kind()) {
                case LEFT_BRACE -> dict(depth);
                case LEFT_BRACKET -> array(depth);
                case STRING -> {
                    Token t = take();
                    yield new Value.Text(t.text(), t.position());
                }
                case TRUE, FALSE -> {
                    Token t = take();
                    yield new Value.Bool(t.kind() == Token.Kind.TRUE, t.position());
                }
                default -> throw unexpected("'{', '[', string, or boolean");
            };
        }

        private Value.Dict dict(int depth) {
            SourcePosition start = expect(Token.Kind.LEFT_BRACE).position();
            Map<String, Value> members = new LinkedHashMap<>();
            if (!accept(Token.Kind.RIGHT_BRACE)) {
                do {
                    Token key = expect(Token.Kind.STRING);
                    expect(Token.Kind.COLON);
                    if (members.put(key.text(), value(depth + 1)) != null) {
                        throw new SchemaException(key.position(), "duplicate key '" + key.text() + "'");
                    }
                } while (accept(Token.Kind.COMMA));
                expect(Token.Kind.RIGHT_BRACE);
            }
            return new Value.Dict(members, start);
        }

        private Value.Array array(int depth) {
            SourcePosition start = expect(Token.Kind.LEFT_BRACKET).position();
            List<Value> elements = new ArrayList<>();
            if (!accept(Token.Kind.RIGHT_BRACKET)) {
                do {
                    elements.add(value(depth + 1));
                } while (accept(Token.Kind.COMMA));
                expect(Token.Kind.RIGHT_BRACKET);
            }
            return new Value.Array(elements, start);
        }

        private Token take() {
            Token taken = token;
            token = lexer.next();
            return taken;
        }

        private boolean accept(Token.Kind kind) {
            if (token.kind() != kind) {
                return false;
            }
            take();
            return true;
        }

        private Token expect(Token.Kind kind) {
            if (token.kind() != kind) {
                throw unexpected(kind.label());
            }
            return take();
        }

        private SchemaException unexpected(String wanted) {
            return new SchemaException(token.position(), "expected " + wanted + ", got " + token.describe());
        }
    }
}
