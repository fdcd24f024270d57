//! Handler mapping: which handler takes a request (`system.webServer/handlers`).

use super::pattern::Pattern;
use super::read::{Fault, Keyed, collection, fault, take_choice, take_number, text};
use super::{Files, Resource};
use crate::xml::Element;

/// The handlers in the order in which they are asked.
#[derive(Debug, Clone)]
pub struct Handlers {
    /// Those of inner files stand before those of outer files.
    pub list: Vec<Handler>,
    /// What requests may do: `Read`, `Script`, ….
    pub access: Vec<String>,
}

/// A handler.
#[derive(Debug, Clone)]
pub struct Handler {
    /// Its name.
    pub name: String,
    /// Its pattern of paths, as written.
    pub path: String,
    /// The verbs it takes; empty for all.
    pub verbs: Vec<String>,
    /// Its modules.
    pub modules: Vec<String>,
    /// What the module starts.
    pub script_processor: String,
    /// What must be on the disk.
    pub resource: ResourceType,
    /// What the request must be allowed to do.
    pub require_access: Access,
    /// How much of a response is held back, in bytes.
    pub response_buffer_limit: usize,
    /// The conditions under which it exists at all.
    pub preconditions: Vec<String>,
    pattern: Pattern,
}

/// What must be on the disk for a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceType {
    /// Nothing.
    Unspecified,
    /// A file.
    File,
    /// A folder.
    Directory,
    /// One of both.
    Either,
}

/// What a request does, for the access policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing that needs leave.
    None,
    /// It reads a file.
    Read,
    /// It writes a file.
    Write,
    /// It runs a script.
    Script,
    /// It runs a program.
    Execute,
}

impl Access {
    /// The sub-status of 403 when it is not allowed.
    pub(super) fn refusal(self) -> u16 {
        match self {
            Self::Read => 2,
            Self::Write => 3,
            Self::None | Self::Script | Self::Execute => 1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Script => "Script",
            Self::Execute => "Execute",
        }
    }
}

impl Keyed for Handler {
    fn key(&self) -> String {
        self.name.to_lowercase()
    }
}

impl Handler {
    /// A handler by its name, path, verbs and modules, separated by commas.
    ///
    /// # Errors
    /// The path is too long for a pattern.
    pub(super) fn new(name: &str, path: &str, verb: &str, modules: &str) -> Result<Self, String> {
        let list = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        Ok(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            verbs: list(verb).into_iter().filter(|verb| verb != "*").collect(),
            modules: list(modules),
            script_processor: String::new(),
            resource: ResourceType::Unspecified,
            require_access: Access::Script,
            response_buffer_limit: 4_194_304,
            preconditions: Vec::new(),
            pattern: Pattern::wildcard(path.trim_start_matches('/'), true)?,
        })
    }

    fn read(element: Element<'_>) -> Result<Self, Fault> {
        let value = |name| text(element, name);
        let mut handler = Self::new(&value("name"), &value("path"), &value("verb"), &value("modules"))
            .map_err(|error| fault(element, error))?;
        handler.script_processor = value("scriptProcessor");
        let resources = [
            ("Unspecified", ResourceType::Unspecified),
            ("File", ResourceType::File),
            ("Directory", ResourceType::Directory),
            ("Either", ResourceType::Either),
        ];
        take_choice(element, "resourceType", &resources, &mut handler.resource)?;
        let accesses = [Access::None, Access::Read, Access::Write, Access::Script, Access::Execute];
        let accesses = accesses.map(|access| (access.name(), access));
        take_choice(element, "requireAccess", &accesses, &mut handler.require_access)?;
        take_number(element, "responseBufferLimit", &mut handler.response_buffer_limit)?;
        handler.preconditions = value("preCondition").split(',').map(|part| part.trim().to_owned()).collect();
        Ok(handler)
    }

    /// Whether it exists in a 64-bit pool without ASP.NET.
    fn exists(&self) -> bool {
        !self.preconditions.iter().any(|condition| {
            condition.eq_ignore_ascii_case("bitness32")
                || condition.to_lowercase().starts_with("runtimeversionv2")
        })
    }

    /// Whether a path is one of its own. A pattern without a slash is about the last step, or about any step that ends so
    /// (what follows is then the script's path information).
    fn takes(&self, below: &str) -> bool {
        let below = below.trim_start_matches('/');
        if self.path == "*" || self.pattern.matches(below) {
            return true;
        }
        !self.path.trim_start_matches('/').contains('/')
            && below.split('/').any(|step| self.pattern.matches(step))
    }
}

impl Handlers {
    pub(super) fn read(&mut self, element: Element<'_>) -> Result<(), Fault> {
        if let Some(policy) = element.attribute_ignore_case("accessPolicy") {
            self.access = policy.split(',').map(|part| part.trim().to_owned()).collect();
        }
        let mut list: Vec<Handler> = Vec::new();
        for entry in element.children() {
            match entry.name() {
                "clear" => self.list.clear(),
                "remove" => {
                    let key = text(entry, "name").to_lowercase();
                    self.list.retain(|handler| handler.key() != key);
                    list.retain(|handler| handler.key() != key);
                }
                _ => {}
            }
        }
        // Those that are added come before those that are inherited; a name that is there already is refused.
        let known: Vec<String> = self.list.iter().map(Keyed::key).collect();
        collection(element, &mut list, &["name"], |add| {
            let handler = Handler::read(add)?;
            if known.contains(&handler.key()) {
                let text = format!(
                    "Cannot add duplicate collection entry of type 'add' with unique key attribute 'name' set to '{}'",
                    handler.name
                );
                return Err(fault(add, text));
            }
            Ok(handler)
        })?;
        self.list.splice(0..0, list);
        Ok(())
    }

    /// The handler that takes a request to a path below the application.
    pub fn find(&self, method: &str, below: &str, files: &dyn Files) -> Option<&Handler> {
        let mut resource = None;
        self.list.iter().filter(|handler| handler.exists()).find(|handler| {
            let verb = handler.verbs.is_empty() || handler.verbs.iter().any(|verb| verb == method);
            verb && handler.takes(below)
                && (handler.resource == ResourceType::Unspecified || {
                    let resource = *resource.get_or_insert_with(|| files.resource(below));
                    matches!(
                        (handler.resource, resource),
                        (ResourceType::File | ResourceType::Either, Resource::File)
                            | (ResourceType::Directory | ResourceType::Either, Resource::Directory)
                    )
                })
        })
    }

    /// Whether the policy lets a handler do what it does.
    pub fn allows(&self, handler: &Handler) -> bool {
        handler.require_access == Access::None
            || self.access.iter().any(|allowed| allowed.eq_ignore_ascii_case(handler.require_access.name()))
    }
}
