// SPDX-License-Identifier: BSD-2-Clause
//! Rust without a crate: the probes are functions of cache_probes.c.
//!
//!     cc -c cache_probes.c $(pkg-config --cflags viztrace)
//!     rustc cache.rs -C link-arg=cache_probes.o
//!     sudo viztrace-bpf -o cache.json -- ./cache
use std::ffi::CStr;
use std::os::raw::c_char;
use std::thread::sleep;
use std::time::Duration;

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

extern "C" {
    fn cache_new(name: *const c_char) -> *mut Opaque;
    fn cache_set(cache: *mut Opaque, entries: i64, hits: i64, ratio: f64);
    fn cache_free(cache: *mut Opaque);
    fn slice_enter(name: *const c_char);
    fn slice_exit(name: *const c_char);
}

/// A counter on the timeline.
struct Cache(*mut Opaque);

impl Cache {
    fn new(name: &'static CStr) -> Cache {
        let cache = unsafe { cache_new(name.as_ptr()) };
        assert!(!cache.is_null());
        Cache(cache)
    }

    fn set(&mut self, entries: i64, hits: i64) {
        unsafe { cache_set(self.0, entries, hits, hits as f64 / entries as f64) }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        unsafe { cache_free(self.0) }
    }
}

/// A slice, which ends with its scope.
struct Slice(&'static CStr);

impl Slice {
    fn new(name: &'static CStr) -> Slice {
        unsafe { slice_enter(name.as_ptr()) };
        Slice(name)
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        unsafe { slice_exit(self.0.as_ptr()) }
    }
}

fn name(text: &'static str) -> &'static CStr {
    CStr::from_bytes_with_nul(text.as_bytes()).unwrap()
}

fn main() {
    let mut cache = Cache::new(name("page cache\0"));
    for i in 1..=100 {
        let _slice = Slice::new(name("lookup\0"));
        cache.set(i, i / 2);
        sleep(Duration::from_millis(2));
    }
    println!("100 lookups");
}
