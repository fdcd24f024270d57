//! From the text of an expression to tokens, with the rules of section 3.7 of the recommendation about `*` and the names of
//! operators.

use super::ast::Operator;
use super::{Error, shown};

/// How many characters an expression may have. Real ones stay below 300.
const MAX_LENGTH: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Dot,
    TwoDots,
    At,
    Comma,
    Slash,
    TwoSlashes,
    Star,
    /// `prefix:*`
    PrefixStar(String),
    Name(Option<String>, String),
    /// A name with a parenthesis behind it.
    Function(String),
    /// A name with two colons behind it, which are part of the token.
    Axis(String),
    Literal(String),
    Number(f64),
    Operator(Operator),
}

/// A token and the character it begins with, from 0.
pub(super) type Placed = (Token, usize);

pub(super) fn error(expression: &str, at: usize, message: impl Into<String>) -> Error {
    Error::Syntax { expression: shown(expression), column: at + 1, message: message.into() }
}

pub(super) fn tokens(expression: &str) -> Result<Vec<Placed>, Error> {
    let characters: Vec<char> = expression.chars().take(MAX_LENGTH + 1).collect();
    if characters.len() > MAX_LENGTH {
        return Err(error(expression, MAX_LENGTH, format!("more than {MAX_LENGTH} characters")));
    }
    let mut lexer = Lexer { expression, characters, at: 0, tokens: Vec::new() };
    while let Some(character) = lexer.peek(0) {
        if matches!(character, ' ' | '\t' | '\r' | '\n') {
            lexer.at += 1;
            continue;
        }
        let start = lexer.at;
        let token = lexer.token(character)?;
        lexer.tokens.push((token, start));
    }
    Ok(lexer.tokens)
}

struct Lexer<'e> {
    expression: &'e str,
    characters: Vec<char>,
    at: usize,
    tokens: Vec<Placed>,
}

impl Lexer<'_> {
    fn peek(&self, by: usize) -> Option<char> {
        self.characters.get(self.at + by).copied()
    }

    /// Whether an operator has to come now: there is a token before, and it is one that can end an operand.
    fn after_operand(&self) -> bool {
        !matches!(
            self.tokens.last(),
            None | Some((
                Token::At
                    | Token::Axis(_)
                    | Token::Open
                    | Token::OpenBracket
                    | Token::Comma
                    | Token::Slash
                    | Token::TwoSlashes
                    | Token::Function(_)
                    | Token::Operator(_),
                _
            ))
        )
    }

    fn token(&mut self, character: char) -> Result<Token, Error> {
        let (token, length) = match (character, self.peek(1)) {
            ('(', _) => (Token::Open, 1),
            (')', _) => (Token::Close, 1),
            ('[', _) => (Token::OpenBracket, 1),
            (']', _) => (Token::CloseBracket, 1),
            ('@', _) => (Token::At, 1),
            (',', _) => (Token::Comma, 1),
            ('/', Some('/')) => (Token::TwoSlashes, 2),
            ('/', _) => (Token::Slash, 1),
            ('|', _) => (Token::Operator(Operator::Union), 1),
            ('+', _) => (Token::Operator(Operator::Plus), 1),
            ('-', _) => (Token::Operator(Operator::Minus), 1),
            ('=', _) => (Token::Operator(Operator::Equal), 1),
            ('!', Some('=')) => (Token::Operator(Operator::NotEqual), 2),
            ('<', Some('=')) => (Token::Operator(Operator::LessOrEqual), 2),
            ('<', _) => (Token::Operator(Operator::Less), 1),
            ('>', Some('=')) => (Token::Operator(Operator::GreaterOrEqual), 2),
            ('>', _) => (Token::Operator(Operator::Greater), 1),
            ('*', _) if self.after_operand() => (Token::Operator(Operator::Multiply), 1),
            ('*', _) => (Token::Star, 1),
            ('.', Some('.')) => (Token::TwoDots, 2),
            ('.', Some('0'..='9')) | ('0'..='9', _) => return self.number(),
            ('.', _) => (Token::Dot, 1),
            ('\'' | '"', _) => return self.literal(character),
            ('$', _) => return Err(self.error("a variable, which is not supported,")),
            _ if is_name_start(character) => return self.name(),
            _ => return Err(self.error(format!("unexpected `{character}`"))),
        };
        self.at += length;
        Ok(token)
    }

    fn error(&self, message: impl Into<String>) -> Error {
        error(self.expression, self.at, message)
    }

    fn number(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let digits = |lexer: &mut Self| {
            while lexer.peek(0).is_some_and(|character| character.is_ascii_digit()) {
                lexer.at += 1;
            }
        };
        digits(self);
        if self.peek(0) == Some('.') {
            self.at += 1;
            digits(self);
        }
        let text: String = self.characters[start..self.at].iter().collect();
        text.parse()
            .map(Token::Number)
            .map_err(|_| error(self.expression, start, "a number that cannot be read"))
    }

    fn literal(&mut self, quote: char) -> Result<Token, Error> {
        let rest = &self.characters[self.at + 1..];
        let Some(length) = rest.iter().position(|&character| character == quote) else {
            return Err(self.error("a text whose quote is not closed"));
        };
        let text = rest[..length].iter().collect();
        self.at += length + 2;
        Ok(Token::Literal(text))
    }

    fn ncname(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(is_name) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn name(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let name = self.ncname();
        if self.after_operand() {
            return match name.as_str() {
                "or" => Ok(Token::Operator(Operator::Or)),
                "and" => Ok(Token::Operator(Operator::And)),
                "div" => Ok(Token::Operator(Operator::Divide)),
                "mod" => Ok(Token::Operator(Operator::Remainder)),
                _ => Err(error(self.expression, start, format!("`{name}` where an operator is needed"))),
            };
        }
        if self.peek(0) == Some(':') && self.peek(1) != Some(':') {
            self.at += 1;
            return match self.peek(0) {
                Some('*') => {
                    self.at += 1;
                    Ok(Token::PrefixStar(name))
                }
                Some(character) if is_name_start(character) => {
                    let local = self.ncname();
                    Ok(Token::Name(Some(name), local))
                }
                _ => Err(error(self.expression, start, format!("a name that ends in a colon: `{name}:`"))),
            };
        }
        // Blanks may stand between a name and what makes it a call or an axis.
        let mut ahead = 0;
        while self.peek(ahead).is_some_and(|character| matches!(character, ' ' | '\t' | '\r' | '\n')) {
            ahead += 1;
        }
        match (self.peek(ahead), self.peek(ahead + 1)) {
            (Some('('), _) => Ok(Token::Function(name)),
            (Some(':'), Some(':')) => {
                self.at += ahead + 2;
                Ok(Token::Axis(name))
            }
            _ => Ok(Token::Name(None, name)),
        }
    }
}

fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '\u{b7}')
}
