# Reading many sockets in one turn of the event loop: `LanePoll`.

cdef extern from *:
    """
    #include <errno.h>
    #include <sys/socket.h>
    #include <sys/types.h>
    #include <unistd.h>

    #ifdef __linux__
    #include <sys/epoll.h>

    static int lane_poll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

    static int lane_poll_watch(int poll, int fd, int slot, int on) {
        struct epoll_event event = {0};
        event.events = EPOLLIN;
        event.data.u32 = (uint32_t)slot;
        return epoll_ctl(poll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
    }

    static int lane_poll_ready(int poll, int *slots, int most) {
        struct epoll_event events[64];
        int found = epoll_wait(poll, events, most < 64 ? most : 64, 0);
        for (int i = 0; i < found; i++) slots[i] = (int)events[i].data.u32;
        return found;
    }
    #else  /* elsewhere the event loop reads the sockets, and what it read takes the same lane */
    static int lane_poll_open(void) { return -1; }
    static int lane_poll_watch(int poll, int fd, int slot, int on) { return -1; }
    static int lane_poll_ready(int poll, int *slots, int most) { return 0; }
    #endif

    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    static ssize_t lane_receive(int fd, void *room, size_t size) {
        ssize_t got = recv(fd, room, size, MSG_DONTWAIT);
        return got < 0 ? -errno : got;
    }
    static ssize_t lane_send(int fd, const void *octets, size_t size) {
        return send(fd, octets, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    static void lane_prefetch(const void *object) {
        __builtin_prefetch(object);
        __builtin_prefetch((const char *)object + 64);
        __builtin_prefetch((const char *)object + 128);
    }
    """
    int lane_poll_open()
    int lane_poll_watch(int poll, int fd, int slot, int on)
    int lane_poll_ready(int poll, int* slots, int most)
    Py_ssize_t lane_receive(int fd, void* room, size_t size)
    Py_ssize_t lane_send(int fd, const void* octets, size_t size)
    void lane_prefetch(const void* object)
    int close(int fd)


cdef enum:
    READY = 64


cdef struct Slot:
    # A socket's place. It has all that reading takes, since the objects are mostly cold.
    int socket
    bint is_read
    Py_ssize_t rest_bytes
    Py_ssize_t most_bytes
    void* protocol
    void* leg
    void* sink


cdef class LanePoll:
    """Reads the sockets of one event loop's lanes, each once a turn, all into one buffer.

    It is an `epoll` of its own, which the loop watches like a socket while there are lanes.

    Attributes:
        buffer: where all that is read is dealt with, a message's kept beginning and room for a header before it.
        slots: what has a place here.
        is_busy: whether that is going on.
    """

    cdef char* buffer
    cdef bint is_busy
    cdef char* _scratch
    cdef Py_ssize_t _scratch_bytes
    cdef Slot* slots
    cdef int _epoll, _entered, _room
    cdef list _protocols, _free
    cdef object _context, _loop

    def __cinit__(self):
        self._epoll = -1
        self._entered = self._room = 0
        self.slots = NULL
        self.is_busy = False
        self.buffer = <char*>malloc(HEADER_BYTES + REST_BYTES + READ_BYTES)
        if self.buffer == NULL:
            raise MemoryError

    def __init__(self):
        self._protocols = []
        self._free = []
        self._context = contextvars.copy_context()  # not that of the session that happens to be the first

    def __dealloc__(self):
        free(self.buffer)
        free(self._scratch)
        free(self.slots)
        if self._epoll >= 0:
            close(self._epoll)

    cdef char* scratch(self, Py_ssize_t size) except NULL:
        """Memory for one message, which is gone with the next."""
        if size > self._scratch_bytes:
            free(self._scratch)
            self._scratch = <char*>malloc(size)
            self._scratch_bytes = size if self._scratch != NULL else 0
            if self._scratch == NULL:
                raise MemoryError
        return self._scratch

    cdef bint enter(self, LaneProtocol protocol) except -1:
        """Have a place for this one's socket, which is not read yet; returns whether there is one."""
        if self._epoll < 0:
            self._epoll = lane_poll_open()
            if self._epoll < 0:
                return False
            self._loop = asyncio.get_running_loop()
            self._context.run(self._loop.add_reader, self._epoll, self._turn)
        if not self._free:
            self._grow()
        protocol._slot = self._free.pop()
        self._protocols[protocol._slot] = protocol
        self._entered += 1
        return True

    cdef int _grow(self) except -1:
        """Make room for twice as many."""
        cdef int room = max(2 * self._room, 32)
        cdef Slot* slots = <Slot*>realloc(self.slots, room * sizeof(Slot))
        if slots == NULL:
            raise MemoryError
        self.slots = slots
        self._protocols += [None] * (room - self._room)
        self._free += range(room - 1, self._room - 1, -1)
        self._room = room
        return 0

    cdef int leave(self, LaneProtocol protocol) except -1:
        """Give the place back, of a socket that is not read any more."""
        self._protocols[protocol._slot] = None
        self._free.append(protocol._slot)
        protocol._slot = -1
        self._entered -= 1
        if self._entered == 0:
            self._loop.remove_reader(self._epoll)
            close(self._epoll)
            self._epoll = -1
            self._loop = None
        return 0

    cdef int watch(self, LaneProtocol protocol, bint on) except -1:
        """Read this one's socket whenever there is something, or not."""
        cdef Slot* slot = &self.slots[protocol._slot]
        if lane_poll_watch(self._epoll, slot.socket, protocol._slot, on) < 0 and on:
            raise OSError(errno, "epoll_ctl")
        slot.is_read = on
        return 0

    def _turn(self):
        cdef int[READY] slots
        cdef int i, ready = lane_poll_ready(self._epoll, slots, READY)
        cdef double now = _now()
        cdef Slot* slot
        cdef Py_ssize_t got
        for i in range(ready):
            slot = &self.slots[slots[i]]
            if not slot.is_read:
                continue  # what came before it in this turn has seen to that
            lane_prefetch(slot.protocol)  # these will be here when the kernel has copied
            lane_prefetch(slot.leg)
            lane_prefetch(slot.sink)
            got = lane_receive(slot.socket, self.buffer + HEADER_BYTES + slot.rest_bytes, slot.most_bytes)
            if got != -EAGAIN and got != -EINTR:
                (<LaneProtocol>slot.protocol).received(got, now)
