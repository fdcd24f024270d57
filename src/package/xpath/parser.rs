//! From tokens to the tree of an expression, by recursive descent with a bound on its depth.

use super::Error;
use super::ast::{Axis, Expression, Operator, Start, Step, Test};
use super::functions::Function;
use super::lexer::{self, Placed, Token};

/// How deep parentheses, predicates and calls may stand in each other.
const MAX_DEPTH: usize = 50;
/// The precedence of `|`, the tightest of all.
const UNION: usize = 6;

pub(super) fn parse(expression: &str) -> Result<Expression, Error> {
    let tokens = lexer::tokens(expression)?;
    let end = expression.chars().count();
    let mut parser = Parser { expression, tokens, at: 0, end, depth: 0 };
    let parsed = parser.expression()?;
    match parser.peek() {
        None => Ok(parsed),
        Some(_) => Err(parser.unexpected("the end")),
    }
}

struct Parser<'e> {
    expression: &'e str,
    tokens: Vec<Placed>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn eat(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &Token, name: &str) -> Result<(), Error> {
        if self.eat(wanted) { Ok(()) } else { Err(self.unexpected(name)) }
    }

    /// The place of the next token.
    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |&(_, at)| at)
    }

    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        lexer::error(self.expression, at, message)
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let found = match self.tokens.get(self.at) {
            None => "the end".to_owned(),
            Some(&(_, at)) => {
                let next = self.tokens.get(self.at + 1).map_or(self.end, |&(_, next)| next);
                let text: String = self.expression.chars().skip(at).take(next - at).collect();
                format!("`{}`", text.trim())
            }
        };
        self.error(self.place(), format!("{found} where {wanted} is needed"))
    }

    fn expression(&mut self) -> Result<Expression, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(self.place(), "parts that stand too deep in each other"));
        }
        self.depth += 1;
        let parsed = self.chain(0);
        self.depth -= 1;
        parsed
    }

    /// Operands with the operators of one precedence between them.
    fn chain(&mut self, precedence: usize) -> Result<Expression, Error> {
        if precedence == UNION {
            // A minus sign binds less tightly than `|` and more tightly than `*`.
            return self.negated();
        }
        let first = self.chain(precedence + 1)?;
        self.rest_of_chain(first, precedence, |parser| parser.chain(precedence + 1))
    }

    fn rest_of_chain(
        &mut self,
        first: Expression,
        precedence: usize,
        operand: impl Fn(&mut Self) -> Result<Expression, Error>,
    ) -> Result<Expression, Error> {
        let mut rest = Vec::new();
        while let Some(&Token::Operator(operator)) = self.peek()
            && operator.precedence() == precedence
        {
            self.at += 1;
            rest.push((operator, operand(self)?));
        }
        Ok(if rest.is_empty() { first } else { Expression::Chain(Box::new(first), rest) })
    }

    fn negated(&mut self) -> Result<Expression, Error> {
        let mut negative = false;
        let mut signs = false;
        while self.eat(&Token::Operator(Operator::Minus)) {
            negative = !negative;
            signs = true;
        }
        let first = self.path()?;
        let union = self.rest_of_chain(first, UNION, Self::path)?;
        Ok(match (signs, negative) {
            (false, _) => union,
            (true, true) => Expression::Negative(Box::new(union)),
            // Two signs give the number back, also of what is no number yet.
            (true, false) => Expression::Negative(Box::new(Expression::Negative(Box::new(union)))),
        })
    }

    /// A location path, or an operand with perhaps a path behind it.
    fn path(&mut self) -> Result<Expression, Error> {
        match self.peek() {
            Some(Token::Slash) => {
                self.at += 1;
                let steps = if self.at_step() { self.steps(Vec::new())? } else { Vec::new() };
                Ok(Expression::Path(Start::Root, steps))
            }
            Some(Token::TwoSlashes) => {
                self.at += 1;
                let steps = self.steps(vec![any_depth()])?;
                Ok(Expression::Path(Start::Root, steps))
            }
            _ if self.at_step() => Ok(Expression::Path(Start::Context, self.steps(Vec::new())?)),
            _ => {
                let operand = self.operand()?;
                let predicates = self.predicates()?;
                let operand = if predicates.is_empty() {
                    operand
                } else {
                    Expression::Filtered(Box::new(operand), predicates)
                };
                let steps = match self.peek() {
                    Some(Token::Slash) => Vec::new(),
                    Some(Token::TwoSlashes) => vec![any_depth()],
                    _ => return Ok(operand),
                };
                self.at += 1;
                Ok(Expression::Path(Start::Nodes(Box::new(operand)), self.steps(steps)?))
            }
        }
    }

    /// Whether a step of a path comes.
    fn at_step(&self) -> bool {
        match self.peek() {
            Some(
                Token::Dot
                | Token::TwoDots
                | Token::At
                | Token::Star
                | Token::PrefixStar(_)
                | Token::Name(..)
                | Token::Axis(_),
            ) => true,
            Some(Token::Function(name)) => is_node_type(name),
            _ => false,
        }
    }

    fn steps(&mut self, mut steps: Vec<Step>) -> Result<Vec<Step>, Error> {
        loop {
            steps.push(self.step()?);
            if self.eat(&Token::TwoSlashes) {
                steps.push(any_depth());
            } else if !self.eat(&Token::Slash) {
                return Ok(steps);
            }
        }
    }

    fn step(&mut self) -> Result<Step, Error> {
        let at = self.place();
        let whole = |axis| Ok(Step { axis, test: Test::Node, predicates: Vec::new() });
        let axis = match self.peek() {
            // The two abbreviations take no predicates.
            Some(Token::Dot) => {
                self.at += 1;
                return whole(Axis::Itself);
            }
            Some(Token::TwoDots) => {
                self.at += 1;
                return whole(Axis::Parent);
            }
            Some(Token::At) => {
                self.at += 1;
                Axis::Attribute
            }
            Some(Token::Axis(name)) => {
                let Some(axis) = Axis::from_name(name) else {
                    let message = if name == "namespace" {
                        "the namespace axis, which is not supported,".to_owned()
                    } else {
                        format!("unknown axis `{name}`")
                    };
                    return Err(self.error(at, message));
                };
                self.at += 1;
                axis
            }
            _ => Axis::Child,
        };
        let test = self.test()?;
        let predicates = self.predicates()?;
        Ok(Step { axis, test, predicates })
    }

    fn test(&mut self) -> Result<Test, Error> {
        match self.peek() {
            Some(Token::Star | Token::PrefixStar(_) | Token::Name(..)) => {}
            Some(Token::Function(name)) if is_node_type(name) => {}
            _ => return Err(self.unexpected("a name, `*`, `text()` or `node()`")),
        }
        match self.next() {
            Some(Token::PrefixStar(prefix)) => Ok(Test::Namespace(prefix)),
            Some(Token::Name(prefix, name)) => Ok(Test::Name(prefix, name)),
            Some(Token::Function(name)) => self.node_type(&name),
            _ => Ok(Test::Any),
        }
    }

    fn node_type(&mut self, name: &str) -> Result<Test, Error> {
        self.expect(&Token::Open, "`(`")?;
        let test = match name {
            "text" => Test::Text,
            "comment" => Test::Comment,
            "node" => Test::Node,
            _ => match self.peek() {
                Some(Token::Literal(target)) => {
                    let target = target.clone();
                    self.at += 1;
                    Test::Instruction(Some(target))
                }
                _ => Test::Instruction(None),
            },
        };
        self.expect(&Token::Close, "`)`")?;
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Expression>, Error> {
        let mut predicates = Vec::new();
        while self.eat(&Token::OpenBracket) {
            predicates.push(self.expression()?);
            self.expect(&Token::CloseBracket, "`]`")?;
        }
        Ok(predicates)
    }

    fn operand(&mut self) -> Result<Expression, Error> {
        let at = self.place();
        match self.peek() {
            Some(Token::Open | Token::Literal(_) | Token::Number(_) | Token::Function(_)) => {}
            _ => return Err(self.unexpected("an expression")),
        }
        match self.next() {
            Some(Token::Literal(text)) => Ok(Expression::Text(text)),
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Function(name)) => self.call(&name, at),
            _ => {
                let inner = self.expression()?;
                self.expect(&Token::Close, "`)`")?;
                Ok(inner)
            }
        }
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Expression, Error> {
        let Some(function) = Function::from_name(name) else {
            let message = match name {
                "id" => "the function `id()`, which is not supported,".to_owned(),
                _ => format!("unknown function `{name}()`"),
            };
            return Err(self.error(at, message));
        };
        self.expect(&Token::Open, "`(`")?;
        let mut arguments = Vec::new();
        if !self.eat(&Token::Close) {
            loop {
                arguments.push(self.expression()?);
                if self.eat(&Token::Close) {
                    break;
                }
                self.expect(&Token::Comma, "`,` or `)`")?;
            }
        }
        if !function.arguments().contains(&arguments.len()) {
            return Err(self.error(at, format!("`{name}()` with {} arguments", arguments.len())));
        }
        Ok(Expression::Call(function, arguments))
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "text" | "comment" | "node" | "processing-instruction")
}

/// What `//` stands for.
fn any_depth() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}
