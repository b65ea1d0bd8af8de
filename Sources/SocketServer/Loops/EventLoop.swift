import CLinux
import Dispatch
import Glibc
import HTTPWire
import Synchronization

/// Something that waits for events of one descriptor on a loop.
protocol EventHandler: AnyObject {
    func handle(events: UInt32)
    /// Called about twice a second with the monotonic milliseconds, as long as any handler of the loop needs it.
    func tick(now: UInt64)
    /// Whether it waits for a moment. Who begins to, after it was added, says so with `EventLoop.beginTicking()`.
    var needsTicks: Bool { get }
}

extension EventHandler {
    var needsTicks: Bool { true }
}

/// One thread with one epoll: its events, tasks of the connections it holds, and their deadlines.
///
/// It is the executor of its connections' tasks, so that a handler that does not wait never leaves the thread that
/// read its request (measured: 6.6–7.1 microseconds a request against 12.4 on the shared pool).
final class EventLoop: TaskExecutor, @unchecked Sendable {
    // Guard: `inbox` is behind its mutex, `lastTurn` is atomic; everything else is touched by the loop's own thread
    // only, which `assertOnLoop` checks where others could reach it.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var closures: [@Sendable () -> Void] = []
        var isWoken = false
        var isClosed = false
    }
    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }
    private let inbox = Mutex(Inbox())
    private let epoll: Int32
    private let wakeup: Int32
    private let threadID = Atomic<UInt64>(0)
    private let probeSentAt = Atomic<UInt64>(0)

    /// Indexed by descriptor, which the kernel keeps small.
    @exclusivity(unchecked) private var slots: [Slot] = []
    @exclusivity(unchecked) private var handlerCount = 0
    /// The most since memory was last given back.
    @exclusivity(unchecked) private var handlerPeak = 0
    @exclusivity(unchecked) private var nextGeneration: UInt32 = 1
    @exclusivity(unchecked) private var localJobs: [UnownedJob] = []
    @exclusivity(unchecked) private var postponed: [Connection] = []
    @exclusivity(unchecked) private var isStopping = false
    @exclusivity(unchecked) private var lastTick: UInt64 = 0
    @exclusivity(unchecked) private var dateSecond: Int64 = 0
    @exclusivity(unchecked) private var isTicking = false

    /// Its place among the server's loops.
    let number: Int
    let gauges = LoopGauges()
    @exclusivity(unchecked) private var lastRequestID: UInt64
    /// Turns begun so far: what came in two turns in a row is told by it.
    @exclusivity(unchecked) private(set) var turnCount: UInt64 = 0
    /// When the events of this turn were taken, in monotonic microseconds: exact enough for deadlines.
    @exclusivity(unchecked) private(set) var turnStartedAt: UInt64 = 0
    /// The same moment on the wall, in milliseconds since 1970: for the Date field and the log.
    @exclusivity(unchecked) private(set) var wallMilliseconds: Int64 = 0
    /// The Date field's value, made once a second.
    @exclusivity(unchecked) private(set) var date: [UInt8] = []
    /// Shared by all connections of the loop: what one recv brings.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Output storage that goes from connection to connection, so that a request allocates none.
    @exclusivity(unchecked) var spareOutput: [UInt8] = []
    /// The same for heads.
    @exclusivity(unchecked) var headBuffer = HeadBuffer()

    init(number: Int) throws(SystemCallError) {
        self.number = number
        // Seconds in 28 bits (8 years), the loop in 6, a count in 30.
        let second = UInt64(time(nil)) & 0xFFF_FFFF
        lastRequestID = second << 36 | UInt64(number & 63) << 30
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemCallError("epoll_create1") }
        wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeup >= 0 else { throw SystemCallError("eventfd") }
        _ = clinux_epoll_control(epoll, EPOLL_CTL_ADD, wakeup, EPOLLIN.rawValue, UInt64(UInt32(bitPattern: wakeup)))
    }

    deinit {
        close(epoll)
        close(wakeup)
        readBuffer.deallocate()
    }

    /// Starts the thread; it holds the loop until `stop`.
    func start() {
        let holder = Unmanaged.passRetained(self)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<EventLoop>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, holder.toOpaque())
        pthread_detach(thread)
    }

    var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt64(pthread_self()) }

    func assertOnLoop() {
        precondition(isCurrent, "touched outside its event loop")
    }

    // MARK: Executor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            localJobs.append(job)
            return
        }
        wake { $0.jobs.append(job) }
    }

    /// Begins the task that `make` makes for this executor in the same turn: what it does before it waits for the first time
    /// is done when this returns.
    func begin(_ make: () -> Task<Void, Never>) -> Task<Void, Never> {
        assertOnLoop()
        let waiting = localJobs.count
        let task = make()
        if localJobs.count > waiting, let job = localJobs.popLast() {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        return task
    }

    /// Runs `work` on the loop: handlers' tasks are there already, tasks that a handler made elsewhere come over.
    func run<Result: Sendable>(_ work: () async -> Result) async -> Result {
        if isCurrent { return await work() }
        return await withTaskExecutorPreference(self, operation: work)
    }

    /// Runs `work` on the loop's thread.
    func execute(_ work: @escaping @Sendable () -> Void) {
        wake { $0.closures.append(work) }
    }

    private func wake(_ change: (inout Inbox) -> Void) {
        let mustSignal = inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isWoken = true }
            return !inbox.isWoken
        }
        if mustSignal {
            var one: UInt64 = 1
            _ = write(wakeup, &one, 8)
        }
    }

    /// Whether the loop answered its last probe within `limit` milliseconds; sends the next probe. Costs nothing idle.
    func answersProbes(within limit: UInt64) -> Bool {
        let now = MonotonicClock.milliseconds()
        let sentAt = probeSentAt.load(ordering: .relaxed)
        if sentAt != 0 { return now - sentAt <= limit }
        probeSentAt.store(now, ordering: .relaxed)
        execute { [probeSentAt = ProbeReset(loop: self)] in probeSentAt.clear() }
        return true
    }

    fileprivate func clearProbe() { probeSentAt.store(0, ordering: .relaxed) }

    // MARK: Descriptors, on the loop's thread

    func add(_ descriptor: Int32, events: UInt32, handler: any EventHandler) -> Bool {
        assertOnLoop()
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        let mark = nextGeneration
        nextGeneration &+= 1
        guard clinux_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, events, EventLoop.token(mark, descriptor)) == 0
        else { return false }
        slots[index] = Slot(handler: handler, generation: mark)
        handlerCount += 1
        handlerPeak = max(handlerPeak, handlerCount)
        if !isTicking { isTicking = handler.needsTicks }
        return true
    }

    /// Ticks come from now on, until a tick finds nobody who needs them.
    func beginTicking() { isTicking = true }

    func modify(_ descriptor: Int32, events: UInt32) {
        guard holds(descriptor) else { return }
        let token = EventLoop.token(slots[Int(descriptor)].generation, descriptor)
        _ = clinux_epoll_control(epoll, EPOLL_CTL_MOD, descriptor, events, token)
    }

    /// Lets `connection` go on in the next turn, after the others had theirs.
    func postpone(_ connection: Connection) {
        assertOnLoop()
        postponed.append(connection)
    }

    /// Forgets a descriptor that is about to be closed, which takes it out of the epoll too.
    func removeClosing(_ descriptor: Int32) {
        guard holds(descriptor) else { return }
        slots[Int(descriptor)] = Slot()
        handlerCount -= 1
    }

    /// Forgets a descriptor that stays open.
    func remove(_ descriptor: Int32) {
        guard holds(descriptor) else { return }
        removeClosing(descriptor)
        _ = clinux_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    private func holds(_ descriptor: Int32) -> Bool {
        Int(descriptor) < slots.count && slots[Int(descriptor)].handler != nil
    }

    private static func token(_ generation: UInt32, _ descriptor: Int32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    /// Everything registered, for a stop. No key path: several loops that are the first to use one wait for each other in the
    /// runtime, up to half a minute under the thread sanitizer (Swift 6.3).
    var registered: [any EventHandler] { slots.compactMap { $0.handler } }

    /// Ends the thread after the current turn; called on the loop.
    func stop() { isStopping = true }

    /// Never the same twice: when the program started, which loop, and a count.
    func nextRequestID() -> UInt64 {
        lastRequestID &+= 1
        return lastRequestID
    }

    /// Monotonic milliseconds of this turn.
    var now: UInt64 { turnStartedAt / 1000 }

    // MARK: Turning

    private func run() {
        threadID.store(UInt64(pthread_self()), ordering: .relaxed)
        let capacity: Int32 = 256
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Int(capacity))
        defer { events.deallocate() }
        while !isStopping {
            // With nobody connected the thread sleeps until something happens.
            let timeout: Int32 = !localJobs.isEmpty || !postponed.isEmpty ? 0 : isTicking ? 500 : -1
            let count = epoll_wait(epoll, events, capacity, timeout)
            beginTurn()
            let before = postponed.count
            for index in 0..<Int(max(0, count)) { dispatch(events + index) }
            goOn(before)
            runJobs()
            tickIfDue()
            gauges.turned(microseconds: MonotonicClock.microseconds() - turnStartedAt)
        }
        inbox.withLock { $0.isClosed = true }
    }

    private func beginTurn() {
        turnCount &+= 1
        turnStartedAt = MonotonicClock.microseconds()
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &wall)
        wallMilliseconds = Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000
        guard Int64(wall.tv_sec) != dateSecond else { return }
        dateSecond = Int64(wall.tv_sec)
        date = Array(HTTPDate.format(seconds: dateSecond).utf8)
    }

    private func dispatch(_ event: UnsafeMutablePointer<epoll_event>) {
        let token = clinux_epoll_token(event)
        let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
        if descriptor == wakeup {
            drainInbox()
            return
        }
        // An event of a descriptor that was closed and reused in the same turn carries the old generation.
        let index = Int(descriptor)
        guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: token >> 32),
            let handler = slots[index].handler
        else { return }
        handler.handle(events: event.pointee.events)
    }

    private func drainInbox() {
        var value: UInt64 = 0
        _ = read(wakeup, &value, 8)
        let (jobs, closures) = inbox.withLock { inbox in
            defer {
                inbox.jobs = []
                inbox.closures = []
                inbox.isWoken = false
            }
            return (inbox.jobs, inbox.closures)
        }
        localJobs.append(contentsOf: jobs)
        for closure in closures { closure() }
    }

    /// The first `count` that were postponed have their turn; what they postpone waits for the next one.
    private func goOn(_ count: Int) {
        guard count > 0 else { return }
        for index in 0..<count { postponed[index].goOn() }
        postponed.removeFirst(count)
    }

    /// Runs what is queued now; jobs that these add wait for the next turn, so that sockets are never starved.
    private func runJobs() {
        guard !localJobs.isEmpty else { return }
        let jobs = localJobs
        localJobs.removeAll(keepingCapacity: true)
        for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func tickIfDue() {
        let now = now
        guard now - lastTick >= 250 else { return }
        lastTick = now
        isTicking = false
        // A tick may close its own descriptor and open none: the indices stay.
        for index in slots.indices {
            guard let handler = slots[index].handler else { continue }
            handler.tick(now: now)
            isTicking = isTicking || handler.needsTicks
        }
        giveMemoryBack()
    }

    /// After a crowd has gone the allocator keeps its memory, scattered in pages that are hardly used: it is told to return
    /// them, beside the loop, because that takes some milliseconds.
    private func giveMemoryBack() {
        guard handlerPeak >= 1024, handlerCount < handlerPeak / 4 else { return }
        handlerPeak = handlerCount
        DispatchQueue.global(qos: .utility).async { clinux_return_free_memory() }
    }
}

private struct ProbeReset: Sendable {
    let loop: EventLoop
    func clear() { loop.clearProbe() }
}
