//! A job object: a process together with all that it starts, which end together.
//!
//! See <https://learn.microsoft.com/windows/win32/procthread/job-objects>.

use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};

/// A job. Its processes end when it is dropped, also when this process ends, however that happens.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// A job with one process. What the process starts from now on is part of it too.
    ///
    /// # Errors
    /// The system has no handles left, or the process has ended.
    pub fn of(process: BorrowedHandle<'_>) -> io::Result<Self> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = u32::try_from(size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>()).unwrap_or_default();
        #[expect(unsafe_code, reason = "calls of Windows")]
        // SAFETY: the pointer and the size are those of a local value, the others may be null; the job's handle is ours
        // alone, the process's is open as long as it is borrowed.
        unsafe {
            let job = CreateJobObjectW(std::ptr::null(), std::ptr::null());
            if job.is_null() {
                return Err(io::Error::last_os_error());
            }
            let own = Self(OwnedHandle::from_raw_handle(job));
            let limits = (&raw const limits).cast();
            if SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, size) == 0
                || AssignProcessToJobObject(job, process.as_raw_handle()) == 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(own)
        }
    }

    /// Ends all its processes.
    pub fn end(&self) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open as long as `self` lives.
        unsafe {
            TerminateJobObject(self.0.as_raw_handle(), 1);
        }
    }
}
