import NIOCore
import NIOHTTP1
import Setup

/// Pages from memory, files by sendfile, uploads counted as they come.
final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let page: ByteBuffer
    private let root: String
    private let fields: HTTPHeaders
    private var head: HTTPRequestHead?
    private var received = 0

    init(_ setup: Setup) {
        page = ByteBuffer(bytes: setup.page)
        root = setup.root
        fields = HTTPHeaders(setup.fields.map { ($0.name, $0.value) })
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            received = 0
        case .body(let piece): received += piece.readableBytes
        case .end:
            guard let head else { return }
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch (head.method, head.uri) {
        case (.GET, "/page"):
            send(page.readableBytes, "text/html; charset=utf-8", .byteBuffer(page), head, context)
        case (.GET, "/files/100k"), (.GET, "/files/10m"):
            guard let file = try? NIOFileHandle(_deprecatedPath: root + head.uri),
                let region = try? FileRegion(fileHandle: file)
            else { return context.close(promise: nil) }
            send(region.readableBytes, "application/octet-stream", .fileRegion(region), head, context) { try? file.close() }
        case (.POST, "/upload"):
            let count = ByteBuffer(string: "\(received)\n")
            send(count.readableBytes, "text/plain; charset=utf-8", .byteBuffer(count), head, context)
        default: context.close(promise: nil)
        }
    }

    private func send(
        _ length: Int, _ type: String, _ body: IOData, _ request: HTTPRequestHead, _ context: ChannelHandlerContext,
        then finish: (() -> Void)? = nil
    ) {
        var headers = fields
        headers.add(name: "Content-Length", value: String(length))
        headers.add(name: "Content-Type", value: type)
        // Clients must hear it, or they send the next request into a closing connection.
        if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        guard !request.isKeepAlive || finish != nil else {
            return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        let isKept = request.isKeepAlive
        let bound = NIOLoopBound((context, finish), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (context, finish) = bound.value
            finish?()
            if !isKept { context.close(promise: nil) }
        }
    }
}
