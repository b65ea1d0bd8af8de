// Tells the thread sanitizer what Swift's Mutex does under contention. The quick way of locking is compiled into the
// program and seen; the slow one is in libswiftSynchronization, which is not instrumented, so that every contended lock
// would be reported as a race. Preloaded by scripts/sanitize; outside of sanitized programs it changes nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SELF __attribute__((swift_context)) void *self

void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

typedef __attribute__((swiftcall)) void (*lock_slow)(uint32_t, SELF);
typedef __attribute__((swiftcall)) void (*unlock_slow)(SELF);
typedef __attribute__((swiftcall)) _Bool (*try_lock_slow)(SELF);

__attribute__((swiftcall)) void lockSlow(uint32_t thread, SELF) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) void unlockSlow(SELF) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
__attribute__((swiftcall)) _Bool tryLockSlow(SELF) __asm__("$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF");

__attribute__((swiftcall)) void lockSlow(uint32_t thread, SELF) {
    lock_slow real = (lock_slow)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    real(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlockSlow(SELF) {
    unlock_slow real = (unlock_slow)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
    if (__tsan_release) __tsan_release(self);
    real(self);
}

__attribute__((swiftcall)) _Bool tryLockSlow(SELF) {
    try_lock_slow real = (try_lock_slow)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF");
    _Bool isLocked = real(self);
    if (isLocked && __tsan_acquire) __tsan_acquire(self);
    return isLocked;
}
