//! Becoming Python on Windows: the DLL of that Python is loaded into this process, and its `Py_Main` is called.
//!
//! `__PYVENV_LAUNCHER__` is what an environment's own launcher sets: it tells Python which interpreter it is to be. What it
//! cannot tell is `sys._base_executable`, which `become.py` sets before anything else runs, or `multiprocessing` would
//! start this program as if it were Python.
//!
//! The unsafe code here is the border to Python's C interface, and to the C library that it brings along.

#![expect(unsafe_code, reason = "calls of Windows, of Python's C interface and of its C library")]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::io::IntoRawHandle as _;
use std::path::Path;

use windows_registry::{CURRENT_USER, Key, LOCAL_MACHINE};
use windows_sys::Win32::Foundation::HMODULE;
use windows_sys::Win32::System::Environment::SetEnvironmentVariableW;
use windows_sys::Win32::System::LibraryLoader::{
    AddDllDirectory, GetModuleHandleW, GetProcAddress, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS,
    LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LoadLibraryExW,
};

use super::installation::Installation;
use super::registered::Registered;
use super::{Error, Start};
use crate::transport::{Inherited, inherited};

const LAUNCHER: &str = "__PYVENV_LAUNCHER__";
/// The C library of every Python since 3.5.
const C_LIBRARY: &str = "ucrtbase.dll";
/// `_O_APPEND`.
const APPEND: c_int = 8;
/// `_IONBF`.
const UNBUFFERED: c_int = 4;

/// Becomes the interpreter: runs Python to its end and gives its exit code.
///
/// # Errors
/// What is wrong with that Python.
pub fn become_python(start: &Start<'_>) -> Result<i32, Error> {
    let python = Installation::of(start.executable)?;
    let failed = |source| Error::Load { library: python.library.clone(), source };
    set_variable(LAUNCHER, python.executable.as_os_str());
    let library = load(&python).map_err(failed)?;
    let main = symbol(library, c"Py_Main").ok_or_else(|| failed(io::Error::last_os_error()))?;
    let last_words = start.last_words.as_deref().filter(|_| inherited(2) == Inherited::Closed);
    if let Some(c_library) = CLibrary::loaded() {
        // The C library may have copied the environment before the variable was set.
        c_library.put_variable(LAUNCHER, python.executable.as_os_str());
        if let Some(Ok(file)) = last_words.map(|path| File::options().append(true).open(path)) {
            c_library.redirect_errors(file);
        }
    }
    let bootstrap = OsStr::new(include_str!("become.py"));
    // What Python says by itself goes through the C library; what `become.py` has to say it writes there itself.
    let fixed = [
        python.executable.as_os_str(),
        OsStr::new("-c"),
        bootstrap,
        python.base_executable.as_os_str(),
        last_words.map_or(OsStr::new(""), Path::as_os_str),
    ];
    let arguments: Vec<Vec<u16>> =
        fixed.into_iter().chain(start.arguments.iter().map(AsRef::as_ref)).map(wide).collect();
    let mut pointers: Vec<*const u16> = arguments.iter().map(Vec::as_ptr).collect();
    let count = c_int::try_from(pointers.len()).unwrap_or(c_int::MAX);
    pointers.push(std::ptr::null());
    // SAFETY: `Py_Main` has this signature in every Python (stable ABI); the texts end in 0, and they and the array of
    // pointers, which ends in a null pointer, outlive the call. No Python has been started in this process before.
    let code = unsafe {
        let main: extern "C" fn(c_int, *const *const u16) -> c_int = std::mem::transmute(main);
        main(count, pointers.as_ptr())
    };
    Ok(code)
}

fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

fn set_variable(name: &str, value: &OsStr) {
    // SAFETY: both texts end in 0. Other threads of this program read no variables: `config` has read them all.
    unsafe {
        SetEnvironmentVariableW(wide(name.as_ref()).as_ptr(), wide(value).as_ptr());
    }
}

/// Loads the DLL. Its folder is searched from now on, as if this program stood in it: extension modules find there what they
/// need beside Python itself.
fn load(python: &Installation) -> io::Result<HMODULE> {
    // Only a whole path may be given with these flags, and slashes do not do.
    let whole = |path: &Path| std::path::absolute(path).map(|path| wide(path.as_os_str()));
    let flags = LOAD_LIBRARY_SEARCH_DEFAULT_DIRS | LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR;
    let (home, library) = (whole(&python.home)?, whole(&python.library)?);
    let stable = whole(&python.home.join("python3.dll"))?;
    // SAFETY: the paths end in 0. The code that loading runs is the Python that the user has named.
    unsafe {
        AddDllDirectory(home.as_ptr());
        let module = LoadLibraryExW(library.as_ptr(), std::ptr::null_mut(), flags);
        if module.is_null() {
            return Err(io::Error::last_os_error());
        }
        // What extension modules of the stable ABI are linked to. Python without it is still Python.
        LoadLibraryExW(stable.as_ptr(), std::ptr::null_mut(), flags);
        Ok(module)
    }
}

fn symbol(module: HMODULE, name: &CStr) -> Option<unsafe extern "system" fn() -> isize> {
    // SAFETY: the module stays loaded for the life of the process; the name ends in 0.
    unsafe { GetProcAddress(module, name.as_ptr().cast()) }
}

/// The C library that Python uses, which need not be the one of this program.
struct CLibrary(HMODULE);

impl CLibrary {
    fn loaded() -> Option<Self> {
        // SAFETY: the name ends in 0.
        let module = unsafe { GetModuleHandleW(wide(C_LIBRARY.as_ref()).as_ptr()) };
        (!module.is_null()).then_some(Self(module))
    }

    fn put_variable(&self, name: &str, value: &OsStr) {
        let Some(put) = symbol(self.0, c"_wputenv_s") else { return };
        // SAFETY: the documented signature; both texts end in 0 and are copied.
        unsafe {
            let put: extern "C" fn(*const u16, *const u16) -> c_int = std::mem::transmute(put);
            put(wide(name.as_ref()).as_ptr(), wide(value).as_ptr());
        }
    }

    /// Makes a file the standard error of the C library, of which Python's is made: what it says before the gateway has its
    /// log, even why it cannot start, is read there. The file is open to being renamed, as Rust opens files.
    fn redirect_errors(&self, file: File) {
        let names = [c"_open_osfhandle", c"_dup2", c"__acrt_iob_func", c"_wfreopen", c"_fileno", c"setvbuf"];
        let [Some(open), Some(dup2), Some(stream), Some(reopen), Some(fileno), Some(buffer)] =
            names.map(|name| symbol(self.0, name))
        else {
            return;
        };
        // SAFETY: the documented signatures. The handle is the C library's from here on; the stream is the one for errors,
        // which nobody uses yet.
        unsafe {
            let open: extern "C" fn(isize, c_int) -> c_int = std::mem::transmute(open);
            let dup2: extern "C" fn(c_int, c_int) -> c_int = std::mem::transmute(dup2);
            let stream: extern "C" fn(u32) -> *mut c_void = std::mem::transmute(stream);
            let reopen: extern "C" fn(*const u16, *const u16, *mut c_void) -> *mut c_void =
                std::mem::transmute(reopen);
            let fileno: extern "C" fn(*mut c_void) -> c_int = std::mem::transmute(fileno);
            let buffer: extern "C" fn(*mut c_void, *mut c_char, c_int, usize) -> c_int =
                std::mem::transmute(buffer);
            let descriptor = open(file.into_raw_handle() as isize, APPEND);
            // Without a descriptor at its start the stream gets one by being opened again.
            let errors = reopen(wide("NUL".as_ref()).as_ptr(), wide("a".as_ref()).as_ptr(), stream(2));
            if descriptor < 0 || errors.is_null() {
                return;
            }
            dup2(descriptor, 2);
            dup2(descriptor, fileno(errors));
            buffer(errors, std::ptr::null_mut(), UNBUFFERED, 0);
        }
    }
}

/// The Pythons that are registered with the system (PEP 514), this user's before the machine's.
pub fn registered() -> Vec<Registered> {
    let keys = [
        (CURRENT_USER, r"Software\Python"),
        (LOCAL_MACHINE, r"Software\Python"),
        (LOCAL_MACHINE, r"Software\Wow6432Node\Python"),
    ];
    keys.into_iter()
        .filter_map(|(root, path)| root.open(path).ok())
        .flat_map(|key| of_companies(&key))
        .collect()
}

fn of_companies(key: &Key) -> Vec<Registered> {
    let mut found = Vec::new();
    // PEP 514: `PyLauncher` is no company.
    for company in subkeys(key).filter(|name| !name.eq_ignore_ascii_case("PyLauncher")) {
        let Ok(tags) = key.open(&company) else { continue };
        for tag in subkeys(&tags) {
            let Ok(python) = tags.open(&tag) else { continue };
            let Ok(place) = python.open("InstallPath") else { continue };
            let text = |key: &Key, name: &str| key.get_string(name).unwrap_or_default();
            let executable = match text(&place, "ExecutablePath") {
                path if path.is_empty() => Path::new(&text(&place, "")).join("python.exe"),
                path => path.into(),
            };
            let (version, architecture) = (text(&python, "SysVersion"), text(&python, "SysArchitecture"));
            found.push(Registered { company: company.clone(), tag, executable, version, architecture });
        }
    }
    found
}

fn subkeys(key: &Key) -> impl Iterator<Item = String> {
    key.keys().into_iter().flatten()
}
