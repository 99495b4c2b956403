import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Direct buffers of a JVM: 128 MiB outside the Java heap. */
class Direct {
  public static void main(String[] words) throws Exception {
    List<ByteBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < 128; i++) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      while (buffer.hasRemaining()) buffer.put((byte) 1);
      buffers.add(buffer);
    }
    System.out.println("ready");
    Thread.sleep(1_000_000);
    System.out.println(buffers.size());
  }
}
