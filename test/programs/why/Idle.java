/** A JVM that waits. */
class Idle {
  public static void main(String[] words) throws Exception {
    Thread.sleep(1_000_000);
  }
}
