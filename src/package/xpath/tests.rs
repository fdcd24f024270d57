//! Expressions, their nodes, and the places of their faults.

use super::*;
use crate::xml::NodeKind;
use proptest::prelude::*;

const CONFIG: &str = r#"<?xml version="1.0"?>
<!-- top -->
<configuration>
  <appSettings>
    <add key="app1" value="one" />
    <!-- between -->
    <add key="app2" value="two" n="2" />
    <add key="app3" value="" n="10" xml:lang="de-CH" />
  </appSettings>
  <connectionStrings><add name="cnn1" connectionString="x" /></connectionStrings>
  <t>one<![CDATA[ & ]]>two<b>bold</b>three<?go now?></t>
  <runtime>
    <a:assemblyBinding xmlns:a="urn:asm"><a:x p="1" a:p="2"/></a:assemblyBinding>
    <bound xmlns="urn:asm"><x/></bound>
  </runtime>
</configuration>"#;

/// What an expression gives, as a short text: `<name>` for elements, `@name=value`, `"text"`.
fn eval_on(text: &str, expression: &str) -> String {
    let document = Document::parse(text).unwrap();
    match XPath::parse(expression).and_then(|xpath| xpath.evaluate(&document)) {
        Err(error) => format!("error: {error}"),
        Ok(Value::Boolean(value)) => value.to_string(),
        Ok(Value::Number(number)) => value::text_of(number),
        Ok(Value::Text(text)) => format!("{text:?}"),
        Ok(Value::Nodes(nodes)) => {
            nodes.iter().map(|&node| shown_node(&document, node)).collect::<Vec<_>>().join(" ")
        }
    }
}

fn shown_node(document: &Document, node: Node) -> String {
    match node {
        Node::Root => "/".into(),
        Node::Attribute(id, index) => {
            let attribute = &document.element(id).unwrap().attributes()[index];
            format!("@{}={}", attribute.name, attribute.value)
        }
        Node::Tree(id) => match document.node_kind(id) {
            NodeKind::Element(element) => format!("<{}>", element.name()),
            NodeKind::Comment(text) => format!("<!--{text}-->"),
            NodeKind::Other(source) => source.to_owned(),
            _ => format!("{:?}", string_value(document, node)),
        },
    }
}

fn eval(expression: &str) -> String {
    eval_on(CONFIG, expression)
}

fn check(table: &[(&str, &str)]) {
    for (expression, expected) in table {
        assert_eq!(eval(expression), *expected, "{expression}");
    }
}

#[test]
fn paths_select_what_parameter_files_ask_for() {
    check(&[
        ("//appSettings/add[@key='app1']/@value", "@value=one"),
        ("/configuration/connectionStrings/add[@name='cnn1']/@connectionString", "@connectionString=x"),
        ("//add[@key=\"app2\"]/@value", "@value=two"),
        ("//connectionStrings", "<connectionStrings>"),
        ("configuration/appSettings/add[2]/@n", "@n=2"),
        ("/", "/"),
        ("/configuration/t/text()", "\"one & two\" \"three\""),
        ("//comment()", "<!-- top --> <!-- between -->"),
        ("//processing-instruction()", "<?go now?>"),
        ("//processing-instruction('go')", "<?go now?>"),
        ("//processing-instruction('stop')", ""),
        ("//add[@key][@n]/@key", "@key=app2 @key=app3"),
        ("//@n", "@n=2 @n=10"),
        ("//nothing", ""),
    ]);
}

#[test]
fn axes_go_where_they_should() {
    check(&[
        ("//add[@n='2']/following-sibling::add/@key", "@key=app3"),
        ("//add[@n='10']/preceding-sibling::add[1]/@key", "@key=app2"),
        ("//add[@n='10']/preceding-sibling::add/@key", "@key=app1 @key=app2"),
        ("//add[@n='10']/preceding-sibling::node()[2]", "<add>"),
        ("//b/ancestor::*", "<configuration> <t>"),
        ("//b/ancestor::*[1]", "<t>"),
        ("//b/ancestor-or-self::*[last()]", "<configuration>"),
        ("//b/ancestor::node()[last()]", "/"),
        ("//b/..", "<t>"),
        ("//@n/..", "<add> <add>"),
        ("//b/parent::t/child::b/self::b", "<b>"),
        ("//b/self::c", ""),
        ("/configuration/descendant::add[2]/@key", "@key=app2"),
        ("//t/following::*", "<runtime> <a:assemblyBinding> <a:x> <bound> <x>"),
        ("//appSettings/following::add/@name", "@name=cnn1"),
        ("//connectionStrings/preceding::add/@key", "@key=app1 @key=app2 @key=app3"),
        ("//connectionStrings/preceding::add[1]/@key", "@key=app3"),
        ("//b/preceding::configuration", ""),
        ("//@key/following::b", "<b>"),
        ("//add/attribute::n", "@n=2 @n=10"),
        ("//t/descendant-or-self::*", "<t> <b>"),
        ("//@n/self::node()", "@n=2 @n=10"),
        ("//@n/self::*", ""),
        ("//@n/child::node()", ""),
    ]);
}

#[test]
fn positions_count_in_each_context_and_along_the_axis() {
    check(&[
        ("//add[1]/@*", "@key=app1 @value=one @name=cnn1 @connectionString=x"),
        ("(//add)[1]/@key", "@key=app1"),
        ("(//add)[last()]/@name", "@name=cnn1"),
        ("//add[position()=2]/@key", "@key=app2"),
        ("//add[position()>1][1]/@key", "@key=app2"),
        ("//add[last()-1]/@key", "@key=app2"),
        ("//add[0]", ""),
        ("//add[1.5]", ""),
        ("count(//add)", "4"),
        ("count(//add | //add[1] | //t)", "5"),
    ]);
}

#[test]
fn names_and_namespaces_follow_the_declarations_of_the_document() {
    check(&[
        ("//a:x", "<a:x> <x>"),
        ("//a:assemblyBinding/a:x", "<a:x>"),
        ("count(//a:*)", "4"),
        ("//x", ""),
        ("//bound", ""),
        ("//*[local-name()='bound']", "<bound>"),
        ("//a:x/@p", "@p=1"),
        ("//a:x/@a:p", "@a:p=2"),
        ("//a:x/@*", "@p=1 @a:p=2"),
        ("name(//a:x)", "\"a:x\""),
        ("local-name(//a:x/@a:p)", "\"p\""),
        ("namespace-uri(//a:x)", "\"urn:asm\""),
        ("namespace-uri(//t)", "\"\""),
        ("//@xml:lang", "@xml:lang=de-CH"),
        ("//add[lang('de')]/@key", "@key=app3"),
        ("//q:x", "error: the prefix `q` in the XPath `//q:x` is not declared in the document"),
    ]);
}

#[test]
fn operators_and_comparisons_follow_the_recommendation() {
    check(&[
        ("1 + 2 * 3 - 4 div 2", "5"),
        ("-(1 + 2)", "-3"),
        ("--3", "3"),
        ("7 mod 3", "1"),
        ("-7 mod 3", "-1"),
        ("1 div 0", "Infinity"),
        ("-1 div 0", "-Infinity"),
        ("0 div 0", "NaN"),
        ("'a' = 'a' and not('a' = 'b')", "true"),
        ("1 = 1 or 1 div 0 = 'x'", "true"),
        ("1 < 2 = true()", "true"),
        ("3 > 2 > 1", "false"),
        ("//add/@n = 10", "true"),
        ("//add/@n != 10", "true"),
        ("//add/@n > 9", "true"),
        ("9 < //add/@n", "true"),
        ("//add/@n = '2'", "true"),
        ("not(//add/@n = 3)", "true"),
        ("//nothing = //nothing", "false"),
        ("//nothing = false()", "true"),
        ("//add = true()", "true"),
        ("//add/@key = //add/@value", "false"),
        ("true() = 'x'", "true"),
        ("'1.0' = 1", "true"),
        ("'1.0' = '1'", "false"),
        ("' 12 ' + 1", "13"),
        ("'+1' + 1", "NaN"),
        ("'1e3' + 1", "NaN"),
        ("1000000 * 1000000 * 1000000 * 1000000", "1000000000000000000000000"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("//add[@n=2 or @n=10][2]/@key", "@key=app3"),
        ("3 * count(//add) mod 5", "2"),
    ]);
}

#[test]
fn functions_follow_the_recommendation() {
    check(&[
        ("string(//t)", "\"one & twoboldthree\""),
        ("string-length('äö')", "2"),
        ("concat('a', 1, true())", "\"a1true\""),
        ("contains('abc', 'b') and starts-with('abc', 'a')", "true"),
        ("substring-before('1999/04/01', '/')", "\"1999\""),
        ("substring-after('1999/04/01', '/')", "\"04/01\""),
        ("substring('12345', 2, 3)", "\"234\""),
        ("substring('12345', 2)", "\"2345\""),
        ("substring('12345', 1.5, 2.6)", "\"234\""),
        ("substring('12345', 0, 3)", "\"12\""),
        ("substring('12345', 0 div 0, 3)", "\"\""),
        ("substring('12345', 1, 0 div 0)", "\"\""),
        ("substring('12345', -42, 1 div 0)", "\"12345\""),
        ("substring('12345', -1 div 0, 1 div 0)", "\"\""),
        ("normalize-space('  a  b ')", "\"a b\""),
        ("translate('bar', 'abc', 'AB')", "\"BAr\""),
        ("translate('--aaa--', 'abc-', 'ABC')", "\"AAA\""),
        ("number('x')", "NaN"),
        ("number(true())", "1"),
        ("sum(//@n)", "12"),
        ("floor(-1.5) + ceiling(1.2) + round(2.5)", "3"),
        ("round(-2.5)", "-2"),
        ("string(round(-0.2))", "\"0\""),
        ("boolean(//nothing) or boolean('') or boolean(0 div 0)", "false"),
        ("//add[string-length(@value)=0]/@key", "@key=app3"),
        ("//add[contains(@key, 'p2')]/@key", "@key=app2"),
        ("//*[name()='t']/b[string()='bold']", "<b>"),
        ("//b[number()=number()]", ""),
        ("name(//processing-instruction())", "\"go\""),
        ("string(//processing-instruction())", "\"now\""),
    ]);
}

#[test]
fn names_of_operators_and_stars_are_told_apart_by_what_stands_before() {
    let document = "<div><or>4</or><and><div n='2'/></and><mod>5</mod></div>";
    for (expression, expected) in [
        ("/div/or div /div/and/div/@n", "2"),
        ("div/mod mod 3", "2"),
        ("*/or * 2", "8"),
        ("/*/* * 2", "8"),
        ("div/*[2]/*", "<div>"),
        ("div or or", "true"),
        ("div/and and div/or", "true"),
        ("/ * 2", "<div>"),
    ] {
        let got = eval_on(document, expression);
        if expression == "/ * 2" {
            assert!(got.starts_with("error"), "a `*` behind a slash is a name: {got}");
        } else {
            assert_eq!(got, expected, "{expression}");
        }
    }
}

#[test]
fn faults_name_the_character() {
    for (expression, column, part) in [
        ("", 1, "the end where an expression"),
        ("//a[", 5, "the end where an expression"),
        ("//a[1", 6, "where `]`"),
        ("//a]", 4, "`]` where the end"),
        ("//", 3, "the end where a name"),
        ("a b", 3, "`b` where an operator"),
        ("a[@]", 4, "`]` where a name"),
        ("'abc", 1, "not closed"),
        ("$x", 1, "variable"),
        ("foo(1)", 1, "unknown function `foo()`"),
        ("id('a')", 1, "`id()`, which is not supported"),
        ("not()", 1, "`not()` with 0 arguments"),
        ("concat('a')", 1, "with 1 arguments"),
        ("side::a", 1, "unknown axis `side`"),
        ("namespace::a", 1, "namespace axis"),
        ("a:", 1, "ends in a colon"),
        ("a!b", 2, "unexpected `!`"),
        ("//add[@key=='x']", 12, "`=` where an expression"),
        ("\\web.config:://a", 1, "unexpected `\\`"),
        ("ä | #", 5, "unexpected `#`"),
        (".[1]", 2, "`[` where the end"),
    ] {
        match XPath::parse(expression) {
            Err(Error::Syntax { column: at, message, .. }) => {
                assert!(message.contains(part), "`{expression}`: {message}");
                assert_eq!(at, column, "`{expression}`: {message}");
            }
            other => panic!("`{expression}`: {other:?}"),
        }
    }
}

#[test]
fn values_that_are_no_nodes_cannot_be_walked_from() {
    assert!(eval("(1)/a").contains("where nodes are needed"));
    assert!(eval("count(1)").contains("where nodes are needed"));
    assert!(eval("1 | //a").contains("where nodes are needed"));
    let document = Document::parse("<a/>").unwrap();
    assert!(XPath::parse("1 + 1").unwrap().select(&document).is_err());
}

#[test]
fn long_deep_and_wasteful_expressions_are_bounded() {
    assert!(XPath::parse(&"1+".repeat(6_000)).unwrap_err().to_string().contains("10000"));
    assert!(XPath::parse(&format!("{}1", "1+".repeat(4_000))).is_ok());
    assert_eq!(eval(&format!("{}1", "1+".repeat(4_000))), "4001");
    assert_eq!(eval(&format!("{}1", "-".repeat(5_001))), "-1");
    assert!(XPath::parse(&"(".repeat(9_000)).unwrap_err().to_string().contains("too deep"));
    assert!(XPath::parse(&"a[".repeat(5_000)).unwrap_err().to_string().contains("too deep"));
    let wide = Document::parse(format!("<a>{}</a>", "<b><c/></b>".repeat(300))).unwrap();
    let wasteful = XPath::parse("//*[//*[//*[//*]]]").unwrap();
    assert_eq!(evaluate::evaluate(&wasteful.root, &wide, Node::Root, 100_000), Err(evaluate::Fault::TooMuch));
    let thrifty = XPath::parse("count(//c[not(node())]/..)").unwrap();
    assert_eq!(evaluate::evaluate(&thrifty.root, &wide, Node::Root, 100_000), Ok(Value::Number(300.0)));
}

fn tree() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(String::new()),
        "[a-z &&[^&<]]{1,4}",
        Just("<!--c-->".to_owned()),
        Just("<![CDATA[d]]>".to_owned()),
        Just("<?p i?>".to_owned())
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        (
            proptest::sample::select(vec!["a", "b"]),
            proptest::option::of("[a-c]"),
            proptest::collection::vec(inner, 0..4),
        )
            .prop_map(|(name, key, children)| {
                let key = key.map(|key| format!(" k='{key}'")).unwrap_or_default();
                format!("<{name}{key}>{}</{name}>", children.concat())
            })
    })
    .prop_map(|inner| format!("<r>{inner}</r>"))
}

proptest! {
    #[test]
    fn every_element_is_selected_by_its_own_path(text in tree()) {
        let document = Document::parse(text).unwrap();
        for element in document.root().descendants() {
            let mut path = String::new();
            let mut around = Some(element);
            while let Some(own) = around {
                let same = own.parent().map_or(1, |parent| {
                    1 + parent.children().filter(|c| c.name() == own.name() && c.id() < own.id()).count()
                });
                path = format!("/{}[{same}]{path}", own.name());
                around = own.parent();
            }
            let selected = XPath::parse(&path).unwrap().select(&document).unwrap();
            prop_assert_eq!(selected, [Node::Tree(element.id())], "{}", path);
        }
    }

    #[test]
    fn the_axes_of_a_node_divide_the_document_between_them(text in tree()) {
        let document = Document::parse(text).unwrap();
        let select = |expression: &str| XPath::parse(expression).unwrap().select(&document).unwrap();
        let all = select("/descendant-or-self::node()").len();
        let count = |expression: &str| XPath::parse(expression).unwrap().evaluate(&document).unwrap().to_number(&document);
        for at in 1..=all {
            let node = format!("(/descendant-or-self::node())[{at}]");
            let parts = ["ancestor", "descendant", "following", "preceding", "self"];
            let sum: f64 = parts.iter().map(|axis| count(&format!("count({node}/{axis}::node())"))).sum();
            prop_assert!((sum - functions::count(all)).abs() < 0.5, "{} in {}", node, document.text());
        }
    }

    #[test]
    fn no_expression_makes_it_panic(expression in "[a-b@/*.:()\\[\\]|'=<>+, 0-2$!-]{0,24}") {
        if let Ok(xpath) = XPath::parse(&expression) {
            let _ = xpath.evaluate(&Document::parse("<a b='1'>x<b/><!--c--></a>").unwrap());
        }
    }

    #[test]
    fn pieces_of_the_language_in_any_order_do_not_panic(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "//", "/", "a", "b", "@k", "*", "[", "]", "(", ")", "1", "'x'", " and ", " or ", "=", "<", "|", "-", "..", ".",
            "text()", "node()", "last()", "position()", "count(", "not(", "concat(", ",", "ancestor::", "preceding::", "$v",
        ]), 0..12)
    ) {
        if let Ok(xpath) = XPath::parse(&parts.concat()) {
            let _ = xpath.evaluate(&Document::parse("<a k='1'>x<b/><!--c--><a k='2'/></a>").unwrap());
        }
    }
}
