import org.codelibs.opensearch.runner.OpenSearchRunner;

/** Runs one OpenSearch node on the loopback address: FOLDER; prints its HTTP port, ends with its input. */
public class OpenSearchNode {
  public static void main(String[] arguments) throws Exception {
    OpenSearchRunner node = new OpenSearchRunner();
    node.onBuild((number, settings) -> {
      settings.put("network.host", "127.0.0.1");
      settings.put("discovery.type", "single-node");
    });
    node.build(OpenSearchRunner.newConfigs()
        .basePath(arguments[0]).clusterName("search-test").numOfNode(1));
    node.ensureYellow();
    System.out.println("listens on port " + node.node().settings().get("http.port"));
    while (System.in.read() >= 0) {
      // The input ends when the test does.
    }
    node.close();
  }
}
