//! What IIS 10 comes with: the values of its own `applicationHost.config` and schema.

use super::errors::{ActionKind, ErrorMode, Existing};
use super::filtering::Listed;
use super::handlers::{Access, ResourceType};
use super::{
    Configuration, DefaultDocument, Handler, Handlers, HttpErrors, HttpPlatform, HttpRedirect,
    RequestFiltering, Rewrite, StaticContent,
};

const DEFAULT_DOCUMENTS: [&str; 5] =
    ["Default.htm", "Default.asp", "index.htm", "index.html", "iisstart.htm"];

const HIDDEN_SEGMENTS: [&str; 8] = [
    "web.config",
    "bin",
    "App_code",
    "App_GlobalResources",
    "App_LocalResources",
    "App_WebReferences",
    "App_Data",
    "App_Browsers",
];

const DENIED_EXTENSIONS: &str = ".asa .asax .ascx .master .skin .browser .sitemap .config .cs .csproj .vb .vbproj \
     .webinfo .licx .resx .resources .mdb .vjsproj .java .jsl .ldb .dsdgm .ssdgm .lsad .ssmap .cd .dsprototype \
     .lsaprototype .sdm .sdmDocument .mdf .ldf .ad .dd .ldd .sd .adprototype .lddprototype .exclude .refresh \
     .compiled .msgx .vsdisco .rules";

/// Extensions and types that a fresh IIS 10 serves.
const TYPES: &str = include_str!("mime_types.txt");

impl Default for Configuration {
    fn default() -> Self {
        let mut files =
            handler("StaticFile", "*", "StaticFileModule,DefaultDocumentModule,DirectoryListingModule");
        files.resource = ResourceType::Either;
        files.require_access = Access::Read;
        let mut protocol = [
            handler("TRACEVerbHandler", "TRACE", "ProtocolSupportModule"),
            handler("OPTIONSVerbHandler", "OPTIONS", "ProtocolSupportModule"),
        ];
        for handler in &mut protocol {
            handler.require_access = Access::None;
        }
        let [trace, options] = protocol;
        Self {
            default_document: DefaultDocument {
                enabled: true,
                files: DEFAULT_DOCUMENTS.map(str::to_owned).to_vec(),
            },
            directory_browse: false,
            handlers: Handlers {
                list: vec![trace, options, files],
                access: vec!["Read".into(), "Script".into()],
            },
            static_content: StaticContent {
                types: TYPES
                    .lines()
                    .filter_map(|line| line.split_once(' '))
                    .map(|(extension, kind)| (extension.to_owned(), kind.to_owned()))
                    .collect(),
                cache_control: None,
                expires: None,
            },
            filtering: filtering(),
            errors: HttpErrors {
                mode: ErrorMode::DetailedLocalOnly,
                existing: Existing::Auto,
                pages: Vec::new(),
                default_action: ActionKind::File,
            },
            http_platform: HttpPlatform::default(),
            redirect: HttpRedirect::default(),
            rewrite: Rewrite::default(),
            custom_headers: Vec::new(),
            not_simulated: Vec::new(),
        }
    }
}

impl Configuration {
    /// A server whose only handler is a FastCGI program, to which every request goes.
    pub fn of_program(script_processor: String) -> Self {
        let mut program = handler("FastCgi", "*", "FastCgiModule");
        program.script_processor = script_processor;
        let handlers = Handlers { list: vec![program], access: vec!["Read".into(), "Script".into()] };
        Self { handlers, ..Self::default() }
    }
}

fn filtering() -> RequestFiltering {
    let denied =
        DENIED_EXTENSIONS.split_whitespace().map(|extension| (extension.to_owned(), false)).collect();
    RequestFiltering {
        allow_double_escaping: false,
        allow_high_bit_characters: true,
        max_content_length: 30_000_000,
        max_url: 4096,
        max_query_string: 2048,
        header_limits: Vec::new(),
        verbs: Listed { allow_unlisted: true, names: Vec::new() },
        extensions: Listed { allow_unlisted: true, names: denied },
        hidden_segments: HIDDEN_SEGMENTS.map(str::to_owned).to_vec(),
        deny_url_sequences: Vec::new(),
        deny_query_sequences: Vec::new(),
        always_allowed_urls: Vec::new(),
    }
}

fn handler(name: &str, verb: &str, modules: &str) -> Handler {
    Handler::new(name, "*", verb, modules)
        .unwrap_or_else(|error| unreachable!("an asterisk is a pattern: {error}"))
}
