// A raw SwiftNIO HTTP/1.1 pipeline: no router, no log.
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Setup

let setup = Setup()
let tls = try setup.tls.map { tls in
    try NIOSSLContext(
        configuration: .makeServerConfiguration(
            certificateChain: NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
            privateKey: .privateKey(NIOSSLPrivateKey(file: tls.key, format: .pem))))
}
let group = MultiThreadedEventLoopGroup(numberOfThreads: setup.loops)
let channel = try ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
            try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
            try pipeline.addHandler(Handler(setup))
        }
    }
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .bind(host: "127.0.0.1", port: setup.port).wait()
// Not `await`: a first thread that Dispatch takes over ends callgrind.
try channel.closeFuture.wait()
