//! The body of a request that runs, as its application reads it.

use super::exchange::{Exchange, Gone};
use super::link::Filled;
use super::pause::Pause;
use crate::transport::Interest;

impl Exchange {
    /// The bytes that the application may still read, when the web server told the length.
    pub fn body_left(&self) -> Option<u64> {
        self.body_left
    }

    /// What of the body is here and may be read.
    pub fn available(&self) -> &[u8] {
        let request = self.front();
        let unread = request.map_or(&[][..], |request| request.body.unread());
        match self.body_left.map(usize::try_from) {
            Some(Ok(left)) if left < unread.len() => &unread[..left],
            _ => unread,
        }
    }

    /// Marks bytes of [`Exchange::available`] as read.
    pub fn consume(&mut self, length: usize) {
        self.consume_read(length);
        if let Some(request) = self.request() {
            request.body.consume(length);
        }
    }

    /// Waits until more of the body is available than `known` bytes. False at its end.
    ///
    /// # Errors
    /// When the request was aborted, the connection ended within the body, or the wait was interrupted.
    pub fn wait_for_body(&mut self, known: usize, pause: &dyn Pause) -> Result<bool, Gone> {
        loop {
            if self.body_left.is_some_and(|left| known as u64 >= left) {
                return Ok(false);
            }
            let Some(request) = self.request() else { return Ok(false) };
            if request.aborted {
                return Err(Gone::Aborted);
            }
            let (length, ended) = (request.body.unread().len(), request.body.ended);
            if length > known {
                return Ok(true);
            }
            if ended {
                return Ok(false);
            }
            let read = self.link.fill();
            self.after_read(read, pause)?;
        }
    }

    /// Reads the body to where it is wanted, without a copy in between. It fills all of `into`, but for the body's end.
    ///
    /// # Errors
    /// When the request was aborted, the connection ended within the body, or the wait was interrupted.
    pub fn read_body(&mut self, into: &mut [u8], pause: &dyn Pause) -> Result<usize, Gone> {
        let mut filled = 0;
        loop {
            let available = self.available();
            let length = available.len().min(into.len() - filled);
            into[filled..filled + length].copy_from_slice(&available[..length]);
            self.consume(length);
            filled += length;
            let left = self.body_left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
            let end = into.len().min(filled.saturating_add(left));
            let Some(request) = self.request() else { return Ok(filled) };
            if request.aborted {
                return Err(Gone::Aborted);
            }
            if filled == end || request.body.ended {
                return Ok(filled);
            }
            let (read, length) = self.link.read_body(&mut into[filled..end]);
            self.consume_read(length);
            filled += length;
            self.after_read(read, pause)?;
        }
    }

    fn consume_read(&mut self, length: usize) {
        if let Some(left) = &mut self.body_left {
            *left = left.saturating_sub(length as u64);
        }
    }

    /// Waits when a read within the body has brought nothing.
    fn after_read(&mut self, read: Filled, pause: &dyn Pause) -> Result<(), Gone> {
        match read {
            Filled::Ended => return Err(Gone::Closed),
            Filled::Nothing => {
                // The web server may wait for what we have said so far, a client for being told to go on.
                self.link.invite();
                self.link.flush();
                let interest = if self.link.unsent() > 0 { Interest::Either } else { Interest::Read };
                self.wait(interest, pause)?;
                if self.link.broken {
                    return Err(Gone::Closed);
                }
            }
            Filled::More | Filled::Some => {}
        }
        Ok(())
    }
}
