//! The npm package's WebAssembly: the core's feature `browser`, and nothing of its own.
//!
//! For a page it is built without std, whose panic machinery alone takes five kilobytes: nothing in the core
//! panics, and if something did, a trap is what it should end in.

#![cfg_attr(all(target_arch = "wasm32", not(feature = "panic-hook")), no_std)]

pub use keyguard::browser::*;
#[cfg(target_arch = "wasm32")]
use lol_alloc::{FreeListAllocator, LockedAllocator};

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> =
    LockedAllocator::new(FreeListAllocator::new());

#[cfg(all(target_arch = "wasm32", not(feature = "panic-hook")))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
